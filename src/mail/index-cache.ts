// The hot columns of whole mailboxes, kept for the next SELECT or SEARCH, each labelled with the modseq it was read at.
// Bounded by octets; what was used longest ago goes first. Losing it costs a read, nothing else.

import type { AccountId, MailboxId, ModSeq } from '../model/ids.js'
import type { Entries } from '../store/entries.js'
import type { Mailbox } from '../store/mailboxes.js'

export interface MailboxIndex {
  readonly mailbox: Mailbox
  readonly token: ModSeq
  readonly uidNext: number
  /** All entries, hot columns. Shared: nobody writes into it. */
  readonly entries: Entries
}

/** uid, modseq and four words of flags. */
const OCTETS_PER_ENTRY = 28
const OCTETS_PER_INDEX = 512

const octetsOf = (index: MailboxIndex): number => OCTETS_PER_INDEX + index.entries.length * OCTETS_PER_ENTRY

export class IndexCache {
  readonly #most: number
  readonly #kept = new Map<string, MailboxIndex>()
  #octets = 0

  constructor(mostOctets: number) {
    this.#most = mostOctets
  }

  get(account: AccountId, mailbox: MailboxId): MailboxIndex | undefined {
    return this.#kept.get(`${account}/${mailbox}`)
  }

  put(account: AccountId, mailbox: MailboxId, index: MailboxIndex): void {
    this.forget(account, mailbox)
    this.#kept.set(`${account}/${mailbox}`, index)
    this.#octets += octetsOf(index)
    for (const [key, oldest] of this.#kept) {
      if (this.#octets <= this.#most) break
      this.#kept.delete(key)
      this.#octets -= octetsOf(oldest)
    }
  }

  forget(account: AccountId, mailbox: MailboxId): void {
    const key = `${account}/${mailbox}`
    const index = this.#kept.get(key)
    if (index === undefined) return
    this.#kept.delete(key)
    this.#octets -= octetsOf(index)
  }
}
