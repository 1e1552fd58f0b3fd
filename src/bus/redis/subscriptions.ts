// The channels that one connection is subscribed to, brought step by step to what is wanted: one command at a time, since
// the client loses a SUBSCRIBE that crosses an UNSUBSCRIBE of the same channel.

import type { AccountId } from '../../model/ids.js'
import type { RedisClient } from './link.js'

/** Channels of one command. */
const SLICE = 1_000

export interface Wanted {
  has(account: AccountId): boolean
}

export class Subscriptions {
  readonly #client: RedisClient
  readonly #wanted: Wanted
  readonly #channelOf: (account: AccountId) => string
  readonly #onMessage: (message: string, channel: string) => void
  readonly #held = new Set<AccountId>()
  readonly #changed = new Set<AccountId>()
  /** The last pass: under way, or the one that takes what changes meanwhile. */
  #settling = Promise.resolve()
  #isNextAsked = false

  constructor(
    client: RedisClient,
    wanted: Wanted,
    channelOf: (account: AccountId) => string,
    onMessage: (message: string, channel: string) => void,
  ) {
    this.#client = client
    this.#wanted = wanted
    this.#channelOf = channelOf
    this.#onMessage = onMessage
  }

  /** Looks again which of these are wanted. */
  look(accounts: Iterable<AccountId>): void {
    for (const account of accounts) this.#changed.add(account)
    if (this.#isNextAsked) return
    this.#isNextAsked = true
    // What comes in the same turn, or during a pass, goes together.
    this.#settling = this.#settling.then(() => this.#settle())
    // Without its subscriptions a connection is worth nothing: the next one begins anew.
    this.#settling.catch(() => this.#client.destroy())
  }

  /** Once Redis has all that was asked for so far; what is asked for meanwhile is not waited for. */
  settled(): Promise<void> {
    return this.#settling
  }

  async #settle(): Promise<void> {
    this.#isNextAsked = false
    const accounts = [...this.#changed]
    this.#changed.clear()
    for (let at = 0; at < accounts.length; at += SLICE)
      await this.#settleSlice(accounts.slice(at, at + SLICE))
  }

  async #settleSlice(accounts: readonly AccountId[]): Promise<void> {
    const more = accounts.filter((account) => this.#wanted.has(account) && !this.#held.has(account))
    const fewer = accounts.filter((account) => !this.#wanted.has(account) && this.#held.has(account))
    for (const account of more) this.#held.add(account)
    for (const account of fewer) this.#held.delete(account)
    if (more.length > 0) await this.#client.subscribe(more.map(this.#channelOf), this.#onMessage)
    if (fewer.length > 0) await this.#client.unsubscribe(fewer.map(this.#channelOf), this.#onMessage)
  }
}
