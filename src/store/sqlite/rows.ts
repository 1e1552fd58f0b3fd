// Accounts and mailboxes as rows, read and written inside a mutation.

import type { Connection } from '../../kit/sqlite/connection.js'
import { moveModseq } from '../allowances.js'
import { noSuchAccount, noSuchMailbox } from '../errors.js'
import type { AccountRow, MailboxRow, MailboxState } from '../rows.js'

export const ACCOUNT_COLUMNS =
  'account, username, username_key, quota, storage_used, modseq, content_next, mailbox_next, keyword_next, uid_validity, state, created'

export const MAILBOX_COLUMNS =
  'account, mailbox, uid_validity, uid_next, highest_modseq, purged_modseq, recent_uid, messages, unseen, deleted, octets, selectable, special_use, created, deleted_at, path'

/**
 * Of values in the order of `columns` makes rows: the driver makes an object a property at a time through the engine's interface,
 * which takes as long again as the query.
 */
function rowOf<Row>(columns: string): (values: unknown[]) => Row {
  const names = columns.split(', ')
  return (values) => {
    const row: Record<string, unknown> = {}
    for (let at = 0; at < names.length; at++) row[names[at] as string] = values[at]
    return row as Row
  }
}

const accountRow = rowOf<AccountRow>(ACCOUNT_COLUMNS)
const mailboxRow = rowOf<MailboxRow>(MAILBOX_COLUMNS)

export class AccountRows {
  readonly #find
  readonly #save

  constructor(db: Connection) {
    this.#find = db
      .prepare<[number], unknown[]>(`SELECT ${ACCOUNT_COLUMNS} FROM account WHERE account = ?`)
      .raw()
    this.#save = db.prepare<(number | string)[]>(
      'UPDATE account SET quota = ?, storage_used = ?, modseq = ?, content_next = ?, mailbox_next = ?, keyword_next = ?, uid_validity = ?, state = ? WHERE account = ?',
    )
  }

  find(account: number): AccountRow | undefined {
    const values = this.#find.get(account)
    return values && accountRow(values)
  }

  /** The account as a mutation begins: its modseq is the one that the mutation gives out. */
  take(account: number): AccountRow {
    const row = this.find(account)
    if (row === undefined || row.state !== 'active') throw noSuchAccount(account)
    moveModseq(row)
    return row
  }

  save(row: AccountRow): void {
    this.#save.run(
      row.quota,
      row.storage_used,
      row.modseq,
      row.content_next,
      row.mailbox_next,
      row.keyword_next,
      row.uid_validity,
      row.state,
      row.account,
    )
  }
}

export class MailboxRows {
  readonly #find
  readonly #insert
  readonly #save
  readonly #saveName

  constructor(db: Connection) {
    this.#find = db
      .prepare<[number, number], unknown[]>(
        `SELECT ${MAILBOX_COLUMNS} FROM mailbox WHERE account = ? AND mailbox = ?`,
      )
      .raw()
    this.#insert = db.prepare<[MailboxState]>(
      `INSERT INTO mailbox VALUES (@account, @mailbox, @uid_validity, @uid_next, @highest_modseq, @purged_modseq, 1,
       @messages, @unseen, @deleted, @octets, @selectable, @special_use, @created, @deleted_at, @path)`,
    )
    this.#save = db.prepare<number[]>(
      'UPDATE mailbox SET uid_next = ?, highest_modseq = ?, messages = ?, unseen = ?, deleted = ?, octets = ? WHERE account = ? AND mailbox = ?',
    )
    this.#saveName = db.prepare<(number | string | null)[]>(
      'UPDATE mailbox SET uid_validity = ?, selectable = ?, special_use = ?, deleted_at = ?, path = ? WHERE account = ? AND mailbox = ?',
    )
  }

  find(account: number, mailbox: number): MailboxRow | undefined {
    const values = this.#find.get(account, mailbox)
    return values && mailboxRow(values)
  }

  insert(row: MailboxState): void {
    this.#insert.run(row)
  }

  /** A mailbox whose messages are to change. */
  take(account: number, mailbox: number): MailboxRow {
    const row = this.find(account, mailbox)
    if (row === undefined || row.deleted_at !== null || row.selectable === 0)
      throw noSuchMailbox(account, mailbox)
    return row
  }

  /** After its messages changed, by the mutation that `modseq` names. */
  save(row: MailboxState, modseq: number): void {
    row.highest_modseq = modseq
    this.#save.run(
      row.uid_next,
      modseq,
      row.messages,
      row.unseen,
      row.deleted,
      row.octets,
      row.account,
      row.mailbox,
    )
  }

  /** After its name or nature changed. */
  saveName(row: MailboxState): void {
    this.#saveName.run(
      row.uid_validity,
      row.selectable,
      row.special_use,
      row.deleted_at,
      row.path,
      row.account,
      row.mailbox,
    )
  }
}
