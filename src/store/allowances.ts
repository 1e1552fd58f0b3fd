// What an account may still have: numbers that are given out once, and octets within its quota. Both engines keep accounts and
// mailboxes under the same names (rows.ts).

import { MAX_UID } from '../model/ids.js'
import { StoreError } from './errors.js'
import { MAX_PACKED_MODSEQ } from './index-codec.js'
import type { AccountRow, MailboxState } from './rows.js'

/** Gives out `count` UIDs; returns the first. Throws `limit`. */
export function allocateUids(box: MailboxState, count: number): number {
  const first = box.uid_next
  if (first + count - 1 > MAX_UID)
    throw new StoreError('limit', `mailbox ${box.mailbox} of account ${box.account} has no UIDs left`)
  box.uid_next += count
  return first
}

/** Gives out `count` numbers of contents; returns the first. Throws `limit`. */
export function allocateContents(account: AccountRow, count: number): number {
  const first = account.content_next
  if (first + count - 1 > MAX_UID)
    throw new StoreError('limit', `account ${account.account} has no contents left`)
  account.content_next += count
  return first
}

/** Moves the account's modseq to the one that a mutation gives out. Throws `limit`. */
export function moveModseq(account: AccountRow): void {
  if (account.modseq >= MAX_PACKED_MODSEQ)
    throw new StoreError('limit', `account ${account.account} has no modseq left`)
  account.modseq++
}

/** Throws `quota-exceeded` where the account would hold more than it may. `limit` counts where it has no quota of its own. */
export function chargeQuota(account: AccountRow, octets: number, limit: number): void {
  const allowed = account.quota === 0 ? limit : account.quota
  if (account.storage_used + octets > allowed)
    throw new StoreError(
      'quota-exceeded',
      `account ${account.account} holds ${account.storage_used} of ${allowed} octets: no room for ${octets}`,
    )
  account.storage_used += octets
}
