// A proxy in front of a mongod which lets commands pass, or keeps them, and lets their answers pass, or loses them: with
// the connection, or in silence. What an answer says is then known to the server alone.

import type { Socket } from 'node:net'
import { commandName, MessageStream, requestId, responseTo } from './mongo-wire.js'
import { type NewPassage, TcpProxy, type Way } from './tcp-proxy.js'

export interface Rules {
  /** Of a command on its way to the server: it is kept where `keep`, and its connection stays open for good. */
  readonly request?: (command: string) => 'pass' | 'keep'
  /** Of the answer to one: it is kept likewise, or lost in silence (`drop`), or with its connection (`cut`). */
  readonly reply?: (command: string) => 'pass' | 'keep' | 'drop' | 'cut'
}

export interface MongoProxy {
  readonly port: number
  rules: Rules
  set(way: Way): Promise<void>
  /** How many commands and answers are kept. */
  readonly kept: number
  /** The first `count` of them arrive, though a client may have left: as when a server that stood still goes on. */
  deliverKept(count?: number): void
  close(): Promise<void>
}

/** What has not arrived, and whom it is for. */
interface Kept {
  readonly to: Socket
  readonly message: Buffer
}

/** The URL of a database by way of a proxy, with further options of the driver. */
export const urlThrough = (port: number, database: string, options = ''): string =>
  `mongodb://127.0.0.1:${port}/${database}?directConnection=true${options}`

/** In front of the mongod on the port `target`. */
export async function startMongoProxy(target: number): Promise<MongoProxy> {
  let rules: Rules = {}
  const kept: Kept[] = []
  const tcp = await TcpProxy.start(
    target,
    passageUnder(() => rules, kept),
  )
  return {
    port: tcp.port,
    get rules() {
      return rules
    },
    set rules(now) {
      rules = now
    },
    set: (way) => tcp.set(way),
    get kept() {
      return kept.length
    },
    deliverKept(count = kept.length) {
      for (const { to, message } of kept.splice(0, count)) to.write(message)
    },
    close: () => tcp.close(),
  }
}

const passageUnder =
  (rules: () => Rules, kept: Kept[]): NewPassage =>
  ({ client, server }) => {
    const requests = new MessageStream()
    const replies = new MessageStream()
    const asked = new Map<number, string>()
    let isHeld = false
    return {
      get isHeld() {
        return isHeld
      },
      fromClient(octets) {
        for (const message of requests.push(octets)) {
          const command = commandName(message)
          asked.set(requestId(message), command)
          if (rules().request?.(command) === 'keep') {
            isHeld = true
            kept.push({ to: server, message })
          } else server.write(message)
        }
      },
      fromServer(octets) {
        for (const message of replies.push(octets)) {
          const command = asked.get(responseTo(message)) ?? ''
          asked.delete(responseTo(message))
          const fate = rules().reply?.(command) ?? 'pass'
          if (fate === 'pass') client.write(message)
          else if (fate === 'keep') kept.push({ to: client, message })
          else if (fate === 'cut') client.destroy()
        }
      },
    }
  }
