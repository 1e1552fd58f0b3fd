// The hot columns of whole mailboxes, kept for the next SELECT or SEARCH, each labelled with the modseq it was read at.
// Bounded by octets; what was used longest ago goes first. Losing it costs a read, nothing else.

import type { AccountId, MailboxId, ModSeq } from '../model/ids.js'
import { lowerBound } from '../model/number-set.js'
import type { Entries } from '../store/entries.js'
import type { Mailbox } from '../store/mailboxes.js'
import { readChanges } from './changes.js'
import { copyEntries, mergeEntries, roomFor, sliceEntries } from './entry-columns.js'
import type { Services } from './services.js'

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

/** The entries without those whose UID stands in `gone`; both ascending. */
export function withoutUids(entries: Entries, gone: Uint32Array): Entries {
  if (gone.length === 0 || entries.length === 0) return entries
  const left = roomFor(entries.length, entries)
  let at = 0
  let from = 0
  for (const uid of gone) {
    const position = lowerBound(entries.uids, uid, from)
    copyEntries(entries, from, position, left, at)
    at += position - from
    from = entries.uids[position] === uid ? position + 1 : position
  }
  copyEntries(entries, from, entries.length, left, at)
  at += entries.length - from
  return sliceEntries(left, 0, at)
}

/** The mailbox's whole index as of now. Throws StoreError `no-such-mailbox`. */
export async function openIndex(
  services: Services,
  account: AccountId,
  mailbox: MailboxId,
): Promise<MailboxIndex> {
  const cached = services.indexCache.get(account, mailbox)
  const changes = await readChanges(services, account, mailbox, cached?.token ?? (0 as ModSeq))
  const known = changes.startOver ? undefined : cached?.entries
  const entries =
    known === undefined
      ? changes.entries
      : mergeEntries(withoutUids(known, changes.expunged), changes.entries)
  const index = { mailbox: changes.mailbox, token: changes.token, uidNext: changes.uidNext, entries }
  services.indexCache.put(account, mailbox, index)
  return index
}
