// How much of what a client pipelines (RFC 9112 §9.3.2) is worked on. Node.js hands over at once whatever has come, a thousand
// requests in one read, and no setting of its keeps it from that: maxRequestsPerSocket counts those of HTTP/1.1 alone, and ends
// connections of clients that wait for each answer.

import type { Socket } from 'node:net'
import type { Logger } from '../kit/log.js'
import { remoteAddressOf } from '../kit/network.js'
import type { Api } from './routes/route.js'

/** Requests of one connection that are not answered yet. */
const MOST_UNANSWERED = 16

/** Cuts off who sends more: each that waits costs memory, and may hold a connection to the database that mail waits for. */
export function limitPipelining(api: Api, log: Logger): void {
  const unanswered = new WeakMap<Socket, number>()
  api.addHook('onRequest', (request, reply, done) => {
    const { socket } = request.raw
    const waiting = unanswered.get(socket) ?? 0
    if (waiting === MOST_UNANSWERED) {
      reply.hijack()
      if (!socket.destroyed) log.warn({ remote: remoteAddressOf(socket) }, 'too-many-requests')
      socket.destroy()
      return
    }
    unanswered.set(socket, waiting + 1)
    reply.raw.once('close', () => unanswered.set(socket, (unanswered.get(socket) ?? 1) - 1))
    done()
  })
}
