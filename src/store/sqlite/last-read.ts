// What was read a moment ago, for whoever says that it will do (`remembered` of src/store/accounts.ts): a read after a commit
// costs SQLite the pages that it had, and a delivery asks for what the delivery before it asked for.

import { forgetOldest } from '../../kit/forget-oldest.js'
import type { Account } from '../accounts.js'
import type { Mailbox } from '../mailboxes.js'

const LIFE_MS = 1_000
const ENTRIES = 4_096

export class LastRead<Key, Value> {
  readonly #known = new Map<Key, { readonly until: number; readonly value: Value }>()

  /** What `read` gave at most a second ago; what is not there is looked for each time. */
  get(key: Key, read: () => Value | undefined): Value | undefined {
    const now = performance.now()
    const known = this.#known.get(key)
    if (known !== undefined && known.until > now) return known.value
    const value = read()
    this.#known.delete(key)
    if (value === undefined) return undefined
    this.#known.set(key, { until: now + LIFE_MS, value })
    forgetOldest(this.#known, ENTRIES)
    return value
  }

  /** Where it is known. */
  change(key: Key, to: (value: Value) => Value): void {
    const known = this.#known.get(key)
    if (known !== undefined) this.#known.set(key, { ...known, value: to(known.value) })
  }

  clear(): void {
    this.#known.clear()
  }
}

export class LastReads {
  /** The number of the account that has an address. */
  readonly holders = new LastRead<string, number>()
  readonly accounts = new LastRead<number, Account>()
  /** By account and path. */
  readonly mailboxes = new LastRead<string, Mailbox>()

  /** An account may seem fuller than it is, which is looked at again before anybody is refused; emptier it may not. */
  grew(account: number, octets: number): void {
    this.accounts.change(account, (known) => ({ ...known, storageUsed: known.storageUsed + octets }))
  }

  clear(): void {
    for (const last of [this.holders, this.accounts, this.mailboxes]) last.clear()
  }
}
