// A whole mailbox's index: what is cached of it, brought up to now by reading only what has changed since.

import type { AccountId, MailboxId, ModSeq } from '../model/ids.js'
import { lowerBound } from '../model/number-set.js'
import type { Entries } from '../store/entries.js'
import type { Mailbox } from '../store/mailboxes.js'
import { readChanges } from './changes.js'
import { copyEntries, mergeEntries, roomFor, sliceEntries } from './entry-columns.js'
import type { MailboxIndex } from './index-cache.js'
import type { Services } from './services.js'

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

/**
 * The mailbox's whole index as of now, or as of `row`, which the caller has just read. Throws StoreError `no-such-mailbox`.
 */
export async function openIndex(
  services: Services,
  account: AccountId,
  mailbox: MailboxId,
  row?: Mailbox,
): Promise<MailboxIndex> {
  const cached = services.indexCache.get(account, mailbox)
  const since = cached?.token ?? (0 as ModSeq)
  // Another session may have read the mailbox since the row was: then its index is the newer one.
  const recent = row !== undefined && row.highestModseq >= since ? row : undefined
  const changes = await readChanges(services, account, mailbox, since, { row: recent })
  const known = changes.startOver ? undefined : cached?.entries
  const entries =
    known === undefined
      ? changes.entries
      : mergeEntries(withoutUids(known, changes.expunged), changes.entries)
  const index = { mailbox: changes.mailbox, token: changes.token, uidNext: changes.uidNext, entries }
  services.indexCache.put(account, mailbox, index)
  return index
}
