// DATA/control.sock: how the command line reaches a running server. Lines of JSON: the question {"command", "arguments"},
// then any number of {"item"}, then {"result"} or {"error": {"code", "message"}}. Only the folder's owner can connect.

import { chmodSync, rmSync } from 'node:fs'
import { connect, createServer, type Socket } from 'node:net'
import { createInterface } from 'node:readline'
import { z } from 'zod'
import type { Logger } from '../kit/log.js'
import type { Services } from '../mail/services.js'
import { type Emit, runOperation } from './operations.js'
import { controlPath, controlSocket } from './paths.js'
import { describeError, RefusedError } from './refusals.js'

const question = z.object({ command: z.string(), arguments: z.unknown() })
type Question = z.output<typeof question>

const answer = z.union([
  z.object({ item: z.unknown() }).strict(),
  z.object({ result: z.unknown() }).strict(),
  z.object({ error: z.object({ code: z.string(), message: z.string() }) }).strict(),
])

/** Serves the socket until the returned function is called. The caller holds the folder's lock. */
export async function serveControl(services: Services, data: string, log: Logger): Promise<() => void> {
  rmSync(controlSocket(data), { force: true })
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    // The other end went away: what was asked for is done nevertheless.
    socket.on('error', () => socket.destroy())
    // readline throws the socket's error too, and nobody waits for this promise.
    serveSocket(services, socket, log).catch((err: unknown) => {
      log.debug({ err }, 'control-client-failed')
      socket.destroy()
    })
  })
  const { path, done } = controlPath(data)
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen(path, resolve)
    })
    chmodSync(path, 0o600)
  } finally {
    done()
  }
  server.on('error', (err) => log.error({ err }, 'control-failed'))
  return () => {
    server.close()
    for (const socket of sockets) socket.destroy()
    rmSync(controlSocket(data), { force: true })
  }
}

async function serveSocket(services: Services, socket: Socket, log: Logger): Promise<void> {
  const say = (line: object): void => {
    if (!socket.destroyed) socket.write(`${JSON.stringify(line)}\n`)
  }
  for await (const line of createInterface({ input: socket })) {
    try {
      const asked = question.parse(JSON.parse(line))
      const result = await runOperation(services, asked.command, asked.arguments, (item) => say({ item }))
      say({ result: result ?? null })
    } catch (error) {
      const refusal = describeError(error)
      if (refusal.code === 'internal') log.error({ err: error }, 'control-command-failed')
      say({ error: refusal })
    }
  }
}

/** Asks the server that runs on the folder; undefined where none answers. Throws RefusedError. */
export async function askServer(
  data: string,
  asked: Question,
  emit: Emit,
): Promise<{ result: unknown } | undefined> {
  const socket = await connectTo(data)
  if (socket === undefined) return undefined
  try {
    socket.write(`${JSON.stringify(asked)}\n`)
    for await (const line of createInterface({ input: socket })) {
      const said = answer.parse(JSON.parse(line))
      if ('error' in said) throw new RefusedError(said.error.code, said.error.message)
      if ('result' in said) return { result: said.result }
      emit(said.item)
    }
  } finally {
    socket.destroy()
  }
  throw new RefusedError(
    'unavailable',
    'the server ended before it answered; whether it did what was asked is not known',
  )
}

async function connectTo(data: string): Promise<Socket | undefined> {
  const { path, done } = controlPath(data)
  const socket = connect(path)
  try {
    await new Promise((resolve, reject) => {
      socket.once('connect', resolve)
      socket.once('error', reject)
    })
    return socket
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code
    // No socket, or one that a killed server left behind.
    if (code === 'ENOENT' || code === 'ECONNREFUSED') return undefined
    throw new RefusedError('unavailable', `cannot reach the server on ${data}: ${(error as Error).message}`)
  } finally {
    done()
  }
}
