// The bus of many instances, over one Redis, which holds nothing that may not be lost: while it is away hints stay in
// their process and limits are counted there. docs/architecture.md, "Bus".

import { randomBytes } from 'node:crypto'
import { type Clock, systemClock } from '../../kit/clock.js'
import type { Logger } from '../../kit/log.js'
import type { AccountId } from '../../model/ids.js'
import type { Bus } from '../bus.js'
import { ConnectionCounts, once } from '../connection-counts.js'
import { Listeners } from '../listeners.js'
import { Throttle } from '../throttle.js'
import { hintChannels } from './hint-channels.js'
import { Link } from './link.js'
import {
  countFailure,
  failuresOf,
  type Lease,
  noteFailure,
  reportConnections,
  takeConnections,
} from './scripts.js'
import { Subscriptions } from './subscriptions.js'

/** How long the first connection is waited for: a command that says one thing and ends should be heard. */
const OPENING_MS = 2_000
/** How long a killed instance's connections count. */
const LEASE_MS = 30_000
/** Keys told in one script. */
const REPORT_SLICE = 500

export interface RedisBusOptions {
  /** redis://[user[:password]@]host[:port][/db], or rediss:// for TLS. */
  readonly url: string
  readonly log: Logger
  readonly clock?: Clock
  readonly leaseMs?: number
}

/** Opens it whether Redis is there or not. Throws where the URL is none of Redis's. */
export async function redisBus(options: RedisBusOptions): Promise<Bus> {
  const bus = new RedisBus(options)
  await bus.opened
  return bus
}

class RedisBus implements Bus {
  readonly opened: Promise<unknown>
  readonly #lease: Lease
  readonly #channels
  readonly #listeners = new Listeners((account) => this.#subscriptions?.look([account]))
  readonly #reconnected = new Set<() => void>()
  readonly #throttle: Throttle
  readonly #connections = new ConnectionCounts()
  readonly #link: Link
  readonly #refreshing: NodeJS.Timeout
  #subscriptions: Subscriptions | undefined

  constructor({ url, log, clock = systemClock, leaseMs = LEASE_MS }: RedisBusOptions) {
    this.#lease = { instance: randomBytes(9).toString('base64url'), ms: leaseMs }
    this.#channels = hintChannels(url, this.#lease.instance)
    this.#throttle = new Throttle(clock)
    let connected: () => void
    this.opened = Promise.race([
      new Promise<void>((resolve) => {
        connected = resolve
      }),
      new Promise((resolve) => setTimeout(resolve, OPENING_MS).unref()),
    ])
    this.#link = new Link({
      url,
      log,
      prepare: async (client) => {
        const { channelOf } = this.#channels
        this.#subscriptions = new Subscriptions(client, this.#listeners, channelOf, (message, channel) =>
          this.#hear(message, channel),
        )
        this.#subscriptions.look(this.#listeners.accounts())
        await this.#subscriptions.settled()
      },
      onConnected: () => {
        connected()
        void this.#report(this.#connections.keys())
        for (const listener of [...this.#reconnected]) listener()
      },
    })
    this.#refreshing = setInterval(() => void this.#report(this.#connections.keys()), leaseMs / 3).unref()
  }

  publish(hint: Parameters<Bus['publish']>[0]): void {
    this.#listeners.tell(hint)
    const { channelOf, format } = this.#channels
    this.#link.tell((client) => client.publish(channelOf(hint.account), format(hint)))
  }

  #hear(message: string, channel: string): void {
    const hint = this.#channels.parse(message, channel)
    if (hint !== undefined) this.#listeners.tell(hint)
  }

  subscribe(account: AccountId, listener: Parameters<Bus['subscribe']>[1]): () => void {
    return this.#listeners.add(account, listener)
  }

  onReconnected(listener: () => void): () => void {
    const own = () => listener()
    this.#reconnected.add(own)
    return () => void this.#reconnected.delete(own)
  }

  async ping(): Promise<boolean> {
    const answer = await this.#link.ask(async (client) => {
      await this.#subscriptions?.settled()
      return client.ping()
    })
    return answer !== undefined
  }

  async countFailure(key: string, limit: number, windowSeconds: number): Promise<boolean> {
    const failures = await this.#link.ask((client) => countFailure(client, key, windowSeconds))
    return failures === undefined ? this.#throttle.count(key, limit, windowSeconds) : failures < limit
  }

  /** Both are asked: a Redis that is full, say, answers what is read and refuses what is written. */
  async mayTry(key: string, limit: number): Promise<boolean> {
    const failures = (await this.#link.ask((client) => failuresOf(client, key))) ?? 0
    return failures < limit && this.#throttle.mayTry(key, limit)
  }

  async note(key: string, seconds: number): Promise<void> {
    const noted = await this.#link.ask((client) => noteFailure(client, key, seconds))
    if (noted === undefined) this.#throttle.note(key, seconds)
    else this.#throttle.forget(key)
  }

  /** Redis is always told this instance's whole count: whatever it has lost or heard twice, the next word mends it. */
  async takeConnection(key: string, limit: number): Promise<(() => void) | undefined> {
    const mine = this.#connections.add(key)
    const giveBack = once(() => {
      this.#connections.drop(key)
      void this.#report([key])
    })
    const granted = await this.#link.ask((client) => takeConnections(client, this.#lease, key, mine, limit))
    if (granted ?? mine <= limit) return giveBack
    giveBack()
    return undefined
  }

  async #report(keys: readonly string[]): Promise<void> {
    for (let at = 0; at < keys.length; at += REPORT_SLICE) {
      const slice = keys.slice(at, at + REPORT_SLICE)
      await this.#link.ask((client) => {
        const counts = slice.map((key) => [key, this.#connections.of(key)] as const)
        return reportConnections(client, this.#lease, counts)
      })
    }
  }

  async close(): Promise<void> {
    clearInterval(this.#refreshing)
    this.#listeners.clear()
    this.#reconnected.clear()
    const keys = this.#connections.keys()
    this.#connections.clear()
    await this.#report(keys)
    await this.#link.close()
  }
}
