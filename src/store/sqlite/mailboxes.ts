// CREATE, RENAME, DELETE and subscriptions (RFC 3501 §6.3.3 - §6.3.7) as mutations.

import type { Connection } from '../../kit/sqlite/connection.js'
import { MAX_MAILBOX } from '../../model/ids.js'
import {
  INBOX,
  isInferior,
  MAX_PATH_LEVELS,
  MAX_PATH_OCTETS,
  type MailboxPath,
  parentPath,
  SEPARATOR,
} from '../../model/mailbox-path.js'
import { StoreError } from '../errors.js'
import type { AccountRow, MailboxRow } from '../rows.js'
import type { MutationOf } from './calls.js'
import { AccountRows, MAILBOX_COLUMNS, MailboxRows } from './rows.js'

/** Live mailboxes and subscriptions of one account, at the most. */
const MAX_MAILBOXES = 10_000

/** Finding, making and taking away of mailboxes by path, for the mutations below and for a new account. */
export class MailboxPaths {
  readonly rows: MailboxRows
  readonly #byPath
  readonly #below
  readonly #count
  readonly #insert

  constructor(db: Connection) {
    this.rows = new MailboxRows(db)
    const live = `SELECT ${MAILBOX_COLUMNS} FROM mailbox WHERE deleted_at IS NULL AND account = ?`
    this.#byPath = db.prepare<[number, string], MailboxRow>(`${live} AND path = ?`)
    // Everything below "a/" lies between "a/" and "a0": "0" follows "/".
    this.#below = db.prepare<[number, string, string], MailboxRow>(
      `${live} AND path > ? AND path < ? ORDER BY path`,
    )
    this.#count = db
      .prepare<[number], number>('SELECT count(*) FROM mailbox WHERE deleted_at IS NULL AND account = ?')
      .pluck()
    this.#insert = db.prepare<unknown[]>(
      'INSERT INTO mailbox VALUES (?, ?, ?, 1, ?, 0, 1, 0, 0, 0, 0, ?, ?, ?, NULL, ?)',
    )
  }

  find(account: AccountRow, path: string): MailboxRow | undefined {
    return this.#byPath.get(account.account, path)
  }

  inferiors(account: AccountRow, path: string): MailboxRow[] {
    return this.#below.all(
      account.account,
      path + SEPARATOR,
      path + String.fromCharCode(SEPARATOR.charCodeAt(0) + 1),
    )
  }

  make(account: AccountRow, path: string, specialUse: string | null, selectable: boolean): MailboxRow {
    const mailbox = account.mailbox_next
    if (mailbox > MAX_MAILBOX || (this.#count.get(account.account) ?? 0) >= MAX_MAILBOXES)
      throw new StoreError('limit', `account ${account.account} can have no more mailboxes`)
    account.mailbox_next++
    const now = Date.now()
    this.#insert.run(
      account.account,
      mailbox,
      nextUidValidity(account),
      account.modseq,
      selectable ? 1 : 0,
      specialUse,
      now,
      path,
    )
    const row = this.rows.find(account.account, mailbox)
    if (row === undefined)
      throw new StoreError('corrupt', `mailbox ${mailbox} is not there after it was made`)
    return row
  }

  /** The levels above `path` that are not there. */
  makeLevelsAbove(account: AccountRow, path: string): void {
    const parent = parentPath(path as MailboxPath)
    if (parent === undefined || this.find(account, parent) !== undefined) return
    this.makeLevelsAbove(account, parent)
    this.make(account, parent, null, true)
  }
}

/** Never given before in this account, and above what any earlier store of it can have given. */
function nextUidValidity(account: AccountRow): number {
  account.uid_validity = Math.max(account.uid_validity + 1, Math.floor(Date.now() / 1000))
  return account.uid_validity
}

export function createMailboxMutation(db: Connection): MutationOf<'createMailbox'> {
  const accounts = new AccountRows(db)
  const paths = new MailboxPaths(db)
  return ({ account: id, path, specialUse }) => {
    const account = accounts.take(id)
    const existing = paths.find(account, path)
    if (existing?.selectable === 1) throw new StoreError('mailbox-exists', `"${path}" exists already`)
    paths.makeLevelsAbove(account, path)
    const row = existing ?? paths.make(account, path, specialUse, true)
    if (existing !== undefined) {
      existing.selectable = 1
      existing.special_use = specialUse as MailboxRow['special_use']
      existing.uid_validity = nextUidValidity(account)
      paths.rows.saveName(existing)
    }
    accounts.save(account)
    return { mailbox: row, modseq: account.modseq }
  }
}

/** From INBOX only the new mailbox is made here: the messages are moved in slices (sqlite-store.ts). */
export function renameMailboxMutation(db: Connection): MutationOf<'renameMailbox'> {
  const accounts = new AccountRows(db)
  const paths = new MailboxPaths(db)

  const checkLength = (path: string): void => {
    if (Buffer.byteLength(path) > MAX_PATH_OCTETS || path.split(SEPARATOR).length > MAX_PATH_LEVELS)
      throw new StoreError('limit', `"${path.slice(0, 100)}…" would be too long or too deep a name`)
  }

  return ({ account: id, from, to }) => {
    const account = accounts.take(id)
    const row = paths.find(account, from)
    if (row === undefined) throw new StoreError('no-such-mailbox', `"${from}" does not exist`)
    if (to === INBOX) throw new StoreError('mailbox-protected', 'nothing can be renamed to INBOX')
    if (paths.find(account, to) !== undefined)
      throw new StoreError('mailbox-exists', `"${to}" exists already`)
    checkLength(to)
    if (from === INBOX) {
      paths.makeLevelsAbove(account, to)
      paths.make(account, to, null, true)
    } else {
      for (const each of [row, ...paths.inferiors(account, from)]) {
        each.path = to + each.path.slice(from.length)
        checkLength(each.path)
        paths.rows.saveName(each)
      }
      paths.makeLevelsAbove(account, to)
    }
    accounts.save(account)
    return { modseq: account.modseq }
  }
}

export function deleteMailboxMutation(db: Connection): MutationOf<'deleteMailbox'> {
  const accounts = new AccountRows(db)
  const paths = new MailboxPaths(db)
  return ({ account: id, path }) => {
    const account = accounts.take(id)
    if (path === INBOX) throw new StoreError('mailbox-protected', 'INBOX cannot be deleted')
    const row = paths.find(account, path)
    if (row === undefined) throw new StoreError('no-such-mailbox', `"${path}" does not exist`)
    const hasInferiors = paths.inferiors(account, path).some((other) => isInferior(other.path, path))
    if (hasInferiors && row.selectable === 0)
      throw new StoreError(
        'mailbox-has-children',
        `"${path}" has mailboxes below it and no messages of its own`,
      )
    row.deleted_at = Date.now()
    paths.rows.saveName(row)
    account.storage_used -= row.octets
    // The name goes on without messages: as a mailbox of its own, so that the old one goes in one step.
    if (hasInferiors) paths.make(account, path, null, false)
    accounts.save(account)
    return { mailbox: row.mailbox, modseq: account.modseq }
  }
}

export function subscribeMutation(db: Connection): MutationOf<'subscribe'> {
  const accounts = new AccountRows(db)
  const insert = db.prepare<[number, string]>('INSERT OR IGNORE INTO subscription VALUES (?, ?)')
  const count = db.prepare<[number], number>('SELECT count(*) FROM subscription WHERE account = ?').pluck()
  return ({ account: id, path }) => {
    const account = accounts.take(id)
    if (insert.run(id, path).changes === 0) return
    if ((count.get(id) ?? 0) > MAX_MAILBOXES)
      throw new StoreError('limit', `account ${id} can have no more subscriptions`)
    accounts.save(account)
  }
}

export function unsubscribeMutation(db: Connection): MutationOf<'unsubscribe'> {
  const accounts = new AccountRows(db)
  const remove = db.prepare<[number, string]>('DELETE FROM subscription WHERE account = ? AND path = ?')
  return ({ account: id, path }) => {
    const account = accounts.take(id)
    if (remove.run(id, path).changes > 0) accounts.save(account)
  }
}

/** Compare and set, apart from the modseq: \Recent is nobody's state but this session's. */
export function claimRecentMutation(db: Connection): MutationOf<'claimRecent'> {
  const mailboxes = new MailboxRows(db)
  const claim = db.prepare<[number, number, number]>(
    'UPDATE mailbox SET recent_uid = ? WHERE account = ? AND mailbox = ?',
  )
  return ({ account, mailbox, uidNext }) => {
    const { recent_uid, uid_next } = mailboxes.take(account, mailbox)
    const upTo = Math.min(uidNext, uid_next)
    if (recent_uid < upTo) claim.run(upTo, account, mailbox)
    return recent_uid
  }
}
