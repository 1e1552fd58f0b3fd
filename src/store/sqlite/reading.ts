// Accounts, addresses, tokens, mailboxes and subscriptions as they are read, on the calling thread's connection.

import type { Connection } from '../../kit/sqlite/connection.js'
import { accountId } from '../../model/ids.js'
import type { MailboxPath } from '../../model/mailbox-path.js'
import type { Account, Credential, Destination, StoredAddress, Token } from '../accounts.js'
import { noSuchAccount } from '../errors.js'
import type { Mailbox } from '../mailboxes.js'
import { type AccountRow, accountOf, type MailboxRow, mailboxOf } from '../rows.js'
import { ACCOUNT_COLUMNS, MAILBOX_COLUMNS } from './rows.js'

interface AddressRow {
  readonly id: string
  readonly account: number
  readonly address: string
  readonly address_key: string
  readonly main: number
  readonly created: number
}

const addressOf = (row: AddressRow): StoredAddress => ({
  id: row.id,
  account: accountId(row.account),
  address: row.address,
  addressKey: row.address_key,
  main: row.main === 1,
  created: row.created,
})

/** Rows of one read of a list. */
const PAGE = 256

export class AccountReads {
  readonly #find
  readonly #byName
  readonly #after
  readonly #credential
  readonly #addresses
  readonly #resolve
  readonly #holder
  readonly #tokens
  readonly #tokenByHash

  constructor(db: Connection) {
    const select = `SELECT ${ACCOUNT_COLUMNS} FROM account`
    this.#find = db.prepare<[number], AccountRow>(`${select} WHERE account = ?`)
    this.#byName = db.prepare<[string], AccountRow>(`${select} WHERE username_key = ?`)
    this.#after = db.prepare<[number, number], AccountRow>(
      `${select} WHERE account > ? ORDER BY account LIMIT ?`,
    )
    this.#credential = db.prepare<[number], Credential>(
      "SELECT kind, hash, version FROM credential WHERE account = ? AND kind = 'password'",
    )
    this.#addresses = db.prepare<[number], AddressRow>(
      'SELECT * FROM address WHERE account = ? ORDER BY created, rowid',
    )
    this.#resolve = db.prepare<[string], AccountRow>(
      `${select} WHERE account IN (SELECT account FROM address WHERE address_key = ?)`,
    )
    this.#holder = db.prepare<[string], number>('SELECT account FROM address WHERE address_key = ?').pluck()
    this.#tokens = db.prepare<[], Token>('SELECT id, label, hash, created FROM token ORDER BY created, id')
    this.#tokenByHash = db.prepare<[string], Token>(
      'SELECT id, label, hash, created FROM token WHERE hash = ?',
    )
  }

  account(id: number): Account | undefined {
    const row = this.#find.get(id)
    return row === undefined ? undefined : accountOf(row)
  }

  byName(usernameKey: string): Account | undefined {
    const row = this.#byName.get(usernameKey)
    return row === undefined ? undefined : accountOf(row)
  }

  /** What the marks of collector and check begin from. */
  numbers(id: number): Pick<AccountRow, 'modseq' | 'content_next'> | undefined {
    return this.#find.get(id)
  }

  /** Throws where the account is not there or is being removed. */
  demand(id: number): void {
    const row = this.#find.get(id)
    if (row === undefined || row.state !== 'active') throw noSuchAccount(id)
  }

  /** Some of the accounts above `after`, in order; empty at the end. */
  page(after: number): Account[] {
    return this.#after.all(after, PAGE).map(accountOf)
  }

  credential(id: number): Credential | undefined {
    return this.#credential.get(id)
  }

  addresses(id: number): StoredAddress[] {
    return this.#addresses.all(id).map(addressOf)
  }

  resolve(addressKey: string): Destination[] {
    return this.#resolve.all(addressKey).map((row) => ({ account: accountOf(row) }))
  }

  /** The number of the account that has the address. */
  holder(addressKey: string): number | undefined {
    return this.#holder.get(addressKey)
  }

  tokens(): Token[] {
    return this.#tokens.all()
  }

  tokenByHash(hash: string): Token | undefined {
    return this.#tokenByHash.get(hash)
  }
}

export class MailboxReads {
  readonly #all
  readonly #find
  readonly #byPath
  readonly #recent
  readonly #subscriptions

  constructor(db: Connection) {
    const live = `SELECT ${MAILBOX_COLUMNS} FROM mailbox WHERE deleted_at IS NULL AND account = ?`
    this.#all = db.prepare<[number], MailboxRow>(`${live} ORDER BY path`)
    this.#find = db.prepare<[number, number], MailboxRow>(`${live} AND mailbox = ?`)
    this.#byPath = db.prepare<[number, string], MailboxRow>(`${live} AND path = ?`)
    this.#recent = db
      .prepare<[number, number], number>('SELECT recent_uid FROM mailbox WHERE account = ? AND mailbox = ?')
      .pluck()
    this.#subscriptions = db
      .prepare<[number], MailboxPath>('SELECT path FROM subscription WHERE account = ? ORDER BY path')
      .pluck()
  }

  all(account: number): Mailbox[] {
    return this.#all.all(account).map(mailboxOf)
  }

  find(account: number, mailbox: number): Mailbox | undefined {
    const row = this.#find.get(account, mailbox)
    return row === undefined ? undefined : mailboxOf(row)
  }

  byPath(account: number, path: string): Mailbox | undefined {
    const row = this.#byPath.get(account, path)
    return row === undefined ? undefined : mailboxOf(row)
  }

  recentUid(account: number, mailbox: number): number | undefined {
    return this.#recent.get(account, mailbox)
  }

  subscriptions(account: number): MailboxPath[] {
    return this.#subscriptions.all(account)
  }
}
