// Accounts, passwords, quotas, addresses and tokens as mutations.

import { randomBytes } from 'node:crypto'
import type { Connection } from '../../kit/sqlite/connection.js'
import { accountId } from '../../model/ids.js'
import { noSuchAddress, StoreError } from '../errors.js'
import { decodeChunk } from '../index-codec.js'
import { makeLevelsAbove, makeMailbox } from '../mailbox-names.js'
import type { MutationOf } from './calls.js'
import { mailboxNames } from './mailboxes.js'
import { AccountRows } from './rows.js'
import { MAX_SQLITE_ACCOUNT } from './schema.js'

const newId = (): string => randomBytes(12).toString('hex')

/** Who has a name, as user name or as address: neither may be given twice. */
class Names {
  readonly #user
  readonly #address

  constructor(db: Connection) {
    this.#user = db.prepare<[string], number>('SELECT account FROM account WHERE username_key = ?').pluck()
    this.#address = db.prepare<[string], number>('SELECT account FROM address WHERE address_key = ?').pluck()
  }

  userWith(key: string): number | undefined {
    return this.#user.get(key)
  }

  addressWith(key: string): number | undefined {
    return this.#address.get(key)
  }
}

export function createAccountMutation(db: Connection): MutationOf<'createAccount'> {
  const names = new Names(db)
  const accounts = new AccountRows(db)
  const namesOf = mailboxNames(db)
  const number = db
    .prepare<[], number>(
      "INSERT INTO counter VALUES ('account', 1) ON CONFLICT (name) DO UPDATE SET value = value + 1 RETURNING value",
    )
    .pluck()
  const insert = db.prepare<unknown[]>(
    "INSERT INTO account VALUES (?, ?, ?, ?, 0, 0, 1, 1, 0, 0, 'active', ?, 0, NULL)",
  )
  const password = db.prepare<unknown[]>("INSERT INTO credential VALUES (?, 'password', ?, NULL, 1)")
  const subscribe = db.prepare<unknown[]>('INSERT OR IGNORE INTO subscription VALUES (?, ?)')

  return (wanted) => {
    if (
      names.userWith(wanted.usernameKey) !== undefined ||
      names.addressWith(wanted.usernameKey) !== undefined
    )
      throw new StoreError('account-exists', `the name "${wanted.username}" is taken`)
    const id = number.get() ?? 0
    if (id > MAX_SQLITE_ACCOUNT)
      throw new StoreError(
        'limit',
        `an embedded store holds ${MAX_SQLITE_ACCOUNT} accounts: use the cluster store`,
      )
    insert.run(id, wanted.username, wanted.usernameKey, wanted.quota, Date.now())
    password.run(id, wanted.passwordHash)
    const account = accounts.take(id)
    for (const { path, specialUse } of wanted.mailboxes) {
      makeLevelsAbove(account, namesOf(id), path)
      makeMailbox(account, namesOf(id), path, specialUse ?? null, true)
      subscribe.run(id, path)
    }
    accounts.save(account)
    return account
  }
}

export function setPasswordMutation(db: Connection): MutationOf<'setPassword'> {
  const accounts = new AccountRows(db)
  const set = db
    .prepare<[number, string], number>(
      `INSERT INTO credential VALUES (?, 'password', ?, NULL, 1)
       ON CONFLICT (account, kind) DO UPDATE SET hash = excluded.hash, version = version + 1 RETURNING version`,
    )
    .pluck()
  return ({ account: id, hash }) => {
    const account = accounts.take(id)
    const version = set.get(id, hash) ?? 1
    accounts.save(account)
    return { version, modseq: account.modseq }
  }
}

export function setQuotaMutation(db: Connection): MutationOf<'setQuota'> {
  const accounts = new AccountRows(db)
  return ({ account: id, quota }) => {
    const account = accounts.take(id)
    const previous = account.quota
    account.quota = quota
    accounts.save(account)
    return { previous, modseq: account.modseq }
  }
}

/** From the index, not from the mailboxes' counters: those may be what is wrong. */
export function recountStorageMutation(db: Connection): MutationOf<'recountStorage'> {
  const accounts = new AccountRows(db)
  const values = db.prepare<[number], { chunk: number; hot: Uint8Array; cold: Uint8Array }>(
    `SELECT h.chunk AS chunk, h.entries AS hot, c.entries AS cold
     FROM mailbox m JOIN index_hot h USING (account, mailbox) JOIN index_cold c USING (account, mailbox, chunk)
     WHERE m.account = ? AND m.deleted_at IS NULL`,
  )
  return ({ account: id }) => {
    const account = accounts.take(id)
    const previous = account.storage_used
    let octets = 0
    for (const { chunk, hot, cold } of values.iterate(id))
      for (const size of decodeChunk(chunk, hot, cold).cold.sizes) octets += size
    if (octets !== previous) {
      account.storage_used = octets
      accounts.save(account)
    }
    return { previous, storageUsed: octets }
  }
}

export function removeAccountMutation(db: Connection): MutationOf<'removeAccount'> {
  const accounts = new AccountRows(db)
  const free = db.prepare<[number]>('UPDATE account SET username_key = NULL WHERE account = ?')
  const dropAddresses = db.prepare<[number]>('DELETE FROM address WHERE account = ?')
  const dropCredentials = db.prepare<[number]>('DELETE FROM credential WHERE account = ?')
  return ({ account: id }) => {
    const account = accounts.take(id)
    account.state = 'removing'
    accounts.save(account)
    free.run(id)
    dropAddresses.run(id)
    dropCredentials.run(id)
  }
}

export function addAddressMutation(db: Connection): MutationOf<'addAddress'> {
  const names = new Names(db)
  const accounts = new AccountRows(db)
  const count = db.prepare<[number], number>('SELECT count(*) FROM address WHERE account = ?').pluck()
  const unmark = db.prepare<[number]>('UPDATE address SET main = 0 WHERE account = ?')
  const insert = db.prepare<unknown[]>('INSERT INTO address VALUES (?, ?, ?, ?, ?, ?)')

  return ({ account: id, address, addressKey, main }) => {
    const account = accounts.take(id)
    const namesake = names.userWith(addressKey)
    if (names.addressWith(addressKey) !== undefined || (namesake !== undefined && namesake !== id))
      throw new StoreError('address-exists', `the address ${address} is taken`)
    const becomesMain = main || count.get(id) === 0
    if (becomesMain) unmark.run(id)
    const stored = {
      id: newId(),
      account: accountId(id),
      address,
      addressKey,
      main: becomesMain,
      created: Date.now(),
    }
    insert.run(stored.id, id, address, addressKey, becomesMain ? 1 : 0, stored.created)
    accounts.save(account)
    return stored
  }
}

export function removeAddressMutation(db: Connection): MutationOf<'removeAddress'> {
  const accounts = new AccountRows(db)
  const remove = db
    .prepare<[number, string], number>(
      'DELETE FROM address WHERE account = ? AND address_key = ? RETURNING main',
    )
    .pluck()
  const promote = db.prepare<[number]>(
    'UPDATE address SET main = 1 WHERE rowid = (SELECT rowid FROM address WHERE account = ? ORDER BY created, rowid LIMIT 1)',
  )
  return ({ account: id, addressKey }) => {
    const account = accounts.take(id)
    const main = remove.get(id, addressKey)
    if (main === undefined) throw noSuchAddress(id, addressKey)
    if (main === 1) promote.run(id)
    accounts.save(account)
  }
}

export function createTokenMutation(db: Connection): MutationOf<'createToken'> {
  const insert = db.prepare<unknown[]>('INSERT INTO token VALUES (?, ?, ?, ?)')
  return ({ label, hash }) => {
    const token = { id: newId(), label, hash, created: Date.now() }
    insert.run(token.id, label, hash, token.created)
    return token
  }
}

export function revokeTokenMutation(db: Connection): MutationOf<'revokeToken'> {
  const remove = db.prepare<[string]>('DELETE FROM token WHERE id = ?')
  return ({ id }) => {
    if (remove.run(id).changes === 0) throw new StoreError('no-such-token', `there is no token ${id}`)
  }
}
