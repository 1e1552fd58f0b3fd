// CREATE, RENAME, DELETE and subscriptions (RFC 3501 §6.3.3 - §6.3.7) as mutations.

import type { Connection } from '../../kit/sqlite/connection.js'
import { SEPARATOR } from '../../model/mailbox-path.js'
import { StoreError } from '../errors.js'
import {
  createMailbox,
  deleteMailbox,
  MAX_MAILBOXES,
  type MailboxNames,
  renameMailbox,
} from '../mailbox-names.js'
import type { MailboxRow } from '../rows.js'
import type { MutationOf } from './calls.js'
import { AccountRows, MAILBOX_COLUMNS, MailboxRows } from './rows.js'

/** The names of an account's mailboxes, for the mutations below and for a new account. */
export function mailboxNames(db: Connection): (account: number) => MailboxNames {
  const rows = new MailboxRows(db)
  const live = `SELECT ${MAILBOX_COLUMNS} FROM mailbox WHERE deleted_at IS NULL AND account = ?`
  const byPath = db.prepare<[number, string], MailboxRow>(`${live} AND path = ?`)
  const between = db.prepare<[number, string, string], MailboxRow>(
    `${live} AND path > ? AND path < ? ORDER BY path`,
  )
  const count = db
    .prepare<[number], number>('SELECT count(*) FROM mailbox WHERE deleted_at IS NULL AND account = ?')
    .pluck()
  return (account) => ({
    find: (path) => byPath.get(account, path),
    // Everything below "a/" lies between "a/" and "a0": "0" follows "/".
    beginningWith: (prefix) =>
      between.all(account, prefix, prefix.slice(0, -1) + String.fromCharCode(SEPARATOR.charCodeAt(0) + 1)),
    count: () => count.get(account) ?? 0,
    insert: (box) => rows.insert(box),
    save: (box) => rows.saveName(box),
  })
}

export function createMailboxMutation(db: Connection): MutationOf<'createMailbox'> {
  const accounts = new AccountRows(db)
  const names = mailboxNames(db)
  return ({ account: id, path, specialUse }) => {
    const account = accounts.take(id)
    const box = createMailbox(account, names(id), path, specialUse)
    accounts.save(account)
    return { mailbox: { recent_uid: 1, ...box }, modseq: account.modseq }
  }
}

export function renameMailboxMutation(db: Connection): MutationOf<'renameMailbox'> {
  const accounts = new AccountRows(db)
  const names = mailboxNames(db)
  return ({ account: id, from, to }) => {
    const account = accounts.take(id)
    renameMailbox(account, names(id), from, to)
    accounts.save(account)
    return { modseq: account.modseq }
  }
}

export function deleteMailboxMutation(db: Connection): MutationOf<'deleteMailbox'> {
  const accounts = new AccountRows(db)
  const names = mailboxNames(db)
  return ({ account: id, path }) => {
    const account = accounts.take(id)
    const { mailbox } = deleteMailbox(account, names(id), path)
    accounts.save(account)
    return { mailbox, modseq: account.modseq }
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
