// CREATE, RENAME and DELETE (RFC 3501 §6.3.3 - §6.3.5): what becomes of an account's mailboxes by name. Pure but for the
// clock; each engine says how it finds and keeps them.

import { MAX_MAILBOX } from '../model/ids.js'
import {
  INBOX,
  isInferior,
  MAX_PATH_LEVELS,
  MAX_PATH_OCTETS,
  type MailboxPath,
  parentPath,
  SEPARATOR,
  type SpecialUse,
} from '../model/mailbox-path.js'
import { StoreError } from './errors.js'
import type { AccountRow, MailboxState } from './rows.js'

/** Live mailboxes, and subscriptions, of one account, at the most. */
export const MAX_MAILBOXES = 10_000

/** The live mailboxes of one account, inside a mutation. */
export interface MailboxNames {
  find(path: string): MailboxState | undefined
  /** Those whose path begins with `prefix`. */
  beginningWith(prefix: string): MailboxState[]
  count(): number
  insert(box: MailboxState): void
  /** After its name or nature was changed in place. */
  save(box: MailboxState): void
}

/** Never given before in this account, and above what any earlier store of it can have given. */
function nextUidValidity(account: AccountRow): number {
  account.uid_validity = Math.max(account.uid_validity + 1, Math.floor(Date.now() / 1000))
  return account.uid_validity
}

/** Throws `limit`. */
export function makeMailbox(
  account: AccountRow,
  names: MailboxNames,
  path: string,
  specialUse: SpecialUse | null,
  selectable: boolean,
): MailboxState {
  if (account.mailbox_next > MAX_MAILBOX || names.count() >= MAX_MAILBOXES)
    throw new StoreError('limit', `account ${account.account} can have no more mailboxes`)
  const box: MailboxState = {
    account: account.account,
    mailbox: account.mailbox_next++,
    uid_validity: nextUidValidity(account),
    uid_next: 1,
    highest_modseq: account.modseq,
    purged_modseq: 0,
    messages: 0,
    unseen: 0,
    deleted: 0,
    octets: 0,
    selectable: selectable ? 1 : 0,
    special_use: specialUse,
    created: Date.now(),
    deleted_at: null,
    path,
  }
  names.insert(box)
  return box
}

/** The levels above `path` that are not there. */
export function makeLevelsAbove(account: AccountRow, names: MailboxNames, path: string): void {
  const parent = parentPath(path as MailboxPath)
  if (parent === undefined || names.find(parent) !== undefined) return
  makeLevelsAbove(account, names, parent)
  makeMailbox(account, names, parent, null, true)
}

export function createMailbox(
  account: AccountRow,
  names: MailboxNames,
  path: string,
  specialUse: SpecialUse | null,
): MailboxState {
  const existing = names.find(path)
  if (existing?.selectable === 1) throw new StoreError('mailbox-exists', `"${path}" exists already`)
  makeLevelsAbove(account, names, path)
  if (existing === undefined) return makeMailbox(account, names, path, specialUse, true)
  existing.selectable = 1
  existing.special_use = specialUse
  existing.uid_validity = nextUidValidity(account)
  names.save(existing)
  return existing
}

function checkLength(path: string): void {
  if (Buffer.byteLength(path) > MAX_PATH_OCTETS || path.split(SEPARATOR).length > MAX_PATH_LEVELS)
    throw new StoreError('limit', `"${path.slice(0, 100)}…" would be too long or too deep a name`)
}

/** From INBOX only the new mailbox is made here: the messages are moved in slices (rename-inbox.ts). */
export function renameMailbox(account: AccountRow, names: MailboxNames, from: string, to: string): void {
  const box = names.find(from)
  if (box === undefined) throw new StoreError('no-such-mailbox', `"${from}" does not exist`)
  if (to === INBOX) throw new StoreError('mailbox-protected', 'nothing can be renamed to INBOX')
  if (names.find(to) !== undefined) throw new StoreError('mailbox-exists', `"${to}" exists already`)
  checkLength(to)
  if (from === INBOX) {
    makeLevelsAbove(account, names, to)
    makeMailbox(account, names, to, null, true)
    return
  }
  for (const each of [box, ...names.beginningWith(from + SEPARATOR)]) {
    each.path = to + each.path.slice(from.length)
    checkLength(each.path)
    names.save(each)
  }
  makeLevelsAbove(account, names, to)
}

export function deleteMailbox(account: AccountRow, names: MailboxNames, path: string): MailboxState {
  if (path === INBOX) throw new StoreError('mailbox-protected', 'INBOX cannot be deleted')
  const box = names.find(path)
  if (box === undefined) throw new StoreError('no-such-mailbox', `"${path}" does not exist`)
  const hasInferiors = names.beginningWith(path + SEPARATOR).some((other) => isInferior(other.path, path))
  if (hasInferiors && box.selectable === 0)
    throw new StoreError(
      'mailbox-has-children',
      `"${path}" has mailboxes below it and no messages of its own`,
    )
  box.deleted_at = Date.now()
  names.save(box)
  account.storage_used -= box.octets
  // The name goes on without messages: as a mailbox of its own, so that the old one goes in one step.
  if (hasInferiors) makeMailbox(account, names, path, null, false)
  return box
}
