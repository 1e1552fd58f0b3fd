// The one connection to Redis, made again for ever: a PING with a deadline finds out where it hangs, and each connection
// is a new client, so that nothing of a lost one is left over. RESP3 lets commands and hints share it.

import { setTimeout as sleep } from 'node:timers/promises'
import { createClient } from '@redis/client'
import type { Logger } from '../../kit/log.js'
import { within } from '../../kit/within.js'

/** From the socket to all subscriptions. */
const CONNECT_MS = 5_000
/** Between two PINGs, and how long an answer may take. */
const HEARTBEAT_MS = 1_000
const DEADLINE_MS = 2_000
/** How long a command is waited for: whoever logs in waits with it. */
const PATIENCE_MS = 250
const FIRST_BACKOFF_MS = 50
const MOST_BACKOFF_MS = 3_000
/** What was told without an answer yet; what is more is dropped. */
const MOST_UNDER_WAY = 10_000

export type RedisClient = ReturnType<typeof newClient>

/** `signal` ends it also while it waits for its connection, which `destroy` does not. */
const newClient = (url: string, signal: AbortSignal) =>
  createClient({
    url,
    RESP: 3,
    disableOfflineQueue: true,
    disableClientInfo: true,
    maintNotifications: 'disabled',
    // Its own default is a timer for each command.
    commandOptions: { timeout: 0 },
    socket: { reconnectStrategy: false, connectTimeout: CONNECT_MS, signal },
  })

export interface LinkOptions {
  readonly url: string
  readonly log: Logger
  /** Restores what a connection must have before anybody uses it. */
  prepare(client: RedisClient): Promise<void>
  onConnected(client: RedisClient): void
}

export class Link {
  readonly #options: LinkOptions
  readonly #closing = new AbortController()
  readonly #running: Promise<void>
  #client: RedisClient | undefined
  #underWay = 0
  #failedAttempts = 0
  #isFailing = false

  constructor(options: LinkOptions) {
    this.#options = options
    this.#running = this.#run()
  }

  /** The answer, or undefined where Redis is away, refuses, or takes too long. */
  async ask<T>(command: (client: RedisClient) => Promise<T>): Promise<T | undefined> {
    if (this.#client === undefined) return undefined
    try {
      const answer = await within(command(this.#client), PATIENCE_MS)
      this.#isFailing = false
      return answer
    } catch (err) {
      if (!this.#isFailing) this.#options.log.warn({ err }, 'bus-command-failed')
      this.#isFailing = true
      return undefined
    }
  }

  /** Sends it where that is possible now, and waits for nothing. */
  tell(command: (client: RedisClient) => Promise<unknown>): void {
    if (this.#client === undefined || this.#underWay === MOST_UNDER_WAY) return
    this.#underWay++
    const done = () => {
      this.#underWay--
    }
    command(this.#client).then(done, done)
  }

  /** Sends what is under way, and no longer than a moment. */
  async close(): Promise<void> {
    const client = this.#client
    if (client !== undefined) await within(client.close(), PATIENCE_MS).catch(() => {})
    this.#closing.abort()
    await this.#running
  }

  async #run(): Promise<void> {
    const { signal } = this.#closing
    while (!signal.aborted) {
      await this.#connection()
      // From half to the whole, so that many instances do not come back at once.
      const most = Math.min(MOST_BACKOFF_MS, FIRST_BACKOFF_MS * 2 ** this.#failedAttempts)
      await sleep(most * (0.5 + Math.random() / 2), undefined, { signal }).catch(() => {})
    }
  }

  /** One connection from its beginning to its end. Never throws. */
  async #connection(): Promise<void> {
    const { url, log, onConnected } = this.#options
    const client = newClient(url, this.#closing.signal)
    const ended = new AbortController()
    const end = (err?: unknown) => ended.abort(err)
    client.on('error', end).on('end', end)
    try {
      await within(this.#establish(client), CONNECT_MS)
      this.#client = client
      log.info({}, 'bus-connected')
      onConnected(client)
      await this.#watch(client, ended.signal)
    } catch (error) {
      const err = ended.signal.reason instanceof Error ? ended.signal.reason : error
      // Once a loss, not once an attempt.
      if (!this.#closing.signal.aborted && this.#failedAttempts === 0) log.warn({ err }, 'bus-away')
      this.#failedAttempts++
    } finally {
      this.#client = undefined
      client.destroy()
    }
  }

  async #establish(client: RedisClient): Promise<void> {
    await client.connect()
    await this.#options.prepare(client)
    // A server that still loads its data, say, takes connections and refuses commands.
    await client.ping()
  }

  /** Throws when the connection has ended, or hangs. */
  async #watch(client: RedisClient, signal: AbortSignal): Promise<void> {
    for (;;) {
      await within(client.ping(), DEADLINE_MS)
      // Only a connection that lasts is a success: else one that ends at once would be made again without a pause.
      this.#failedAttempts = 0
      await sleep(HEARTBEAT_MS, undefined, { signal })
    }
  }
}
