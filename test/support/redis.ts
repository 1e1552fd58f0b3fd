// A real redis-server for tests, of their own: it starts in milliseconds, so nothing is shared. It keeps nothing on disk.

import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { createClient } from '@redis/client'
import { freePort, spawnProgram } from './programs.js'

const START_MS = 30_000

export interface Redis {
  readonly port: number
  readonly url: string
  pid: number
  kill(): Promise<void>
  /** SIGSTOP: it holds its connections and answers nothing. */
  pause(): void
  resume(): void
  /** Again on the same port, empty. */
  start(): Promise<void>
}

/** `kill` is its end, also when it was paused. On a free port unless one is given. */
export async function startRedis(given?: number): Promise<Redis> {
  const port = given ?? (await freePort())
  const url = `redis://127.0.0.1:${port}`
  let child = spawnRedis(port)
  const isGone = () => child.exitCode !== null || child.signalCode !== null
  const redis: Redis = {
    port,
    url,
    pid: child.pid ?? 0,
    async kill() {
      if (isGone()) return
      const exited = once(child, 'exit')
      child.kill('SIGKILL')
      await exited
    },
    pause: () => void child.kill('SIGSTOP'),
    resume: () => void child.kill('SIGCONT'),
    async start() {
      child = spawnRedis(port)
      redis.pid = child.pid ?? 0
      await waitUntilItAnswers(url, isGone)
    },
  }
  await waitUntilItAnswers(url, isGone)
  return redis
}

const spawnRedis = (port: number) =>
  spawnProgram('redis-server', [
    ...['--port', String(port), '--bind', '127.0.0.1'],
    ...['--save', '', '--appendonly', 'no', '--dir', '/tmp', '--daemonize', 'no'],
  ])

async function waitUntilItAnswers(url: string, isGone: () => boolean): Promise<void> {
  const until = Date.now() + START_MS
  for (;;) {
    const client = createClient({ url, socket: { reconnectStrategy: false, connectTimeout: 500 } })
    client.on('error', () => {})
    try {
      await client.connect()
      await client.ping()
      return
    } catch {
      if (isGone() || Date.now() > until) throw new Error(`redis-server did not start at ${url}`)
      await sleep(10)
    } finally {
      client.destroy()
    }
  }
}
