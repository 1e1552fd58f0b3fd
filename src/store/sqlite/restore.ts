// A migration into an embedded store, as mutations: rows put in place with the numbers that they had. src/store/migration.ts.

import type { Connection } from '../../kit/sqlite/connection.js'
import { StoreError } from '../errors.js'
import { ContentRows } from './append.js'
import type { MutationOf } from './calls.js'
import { MAX_SQLITE_ACCOUNT } from './schema.js'

export function beginArrivalMutation(db: Connection): MutationOf<'beginArrival'> {
  const clear = db.prepare('DELETE FROM arrival')
  const insert = db.prepare<[string]>('INSERT INTO arrival VALUES (?)')
  return ({ from }) => {
    clear.run()
    insert.run(from)
    return undefined
  }
}

export function restoreAccountMutation(db: Connection): MutationOf<'restoreAccount'> {
  const insert = db.prepare<unknown[]>(
    "INSERT INTO account VALUES (?, ?, NULL, ?, ?, ?, ?, ?, ?, ?, 'arriving', ?, ?, NULL)",
  )
  const keyword = db.prepare<unknown[]>('INSERT INTO keyword VALUES (?, ?, ?)')
  const subscription = db.prepare<unknown[]>('INSERT INTO subscription VALUES (?, ?)')
  const mailbox = db.prepare<unknown[]>(
    `INSERT INTO mailbox VALUES (@account, @mailbox, @uid_validity, @uid_next, @highest_modseq, @purged_modseq,
     @recent_uid, @messages, @unseen, @deleted, @octets, @selectable, @special_use, @created, @deleted_at, @path)`,
  )
  return ({ account, collectedUntil, keywords, subscriptions, mailboxes }) => {
    const { account: id } = account
    if (id > MAX_SQLITE_ACCOUNT)
      throw new StoreError('limit', `account ${id}: an embedded store numbers up to ${MAX_SQLITE_ACCOUNT}`)
    insert.run(
      id,
      account.username,
      account.quota,
      account.storage_used,
      account.modseq,
      account.content_next,
      account.mailbox_next,
      account.keyword_next,
      account.uid_validity,
      account.created,
      collectedUntil,
    )
    for (const { bit, name } of keywords) keyword.run(id, bit, name)
    for (const path of subscriptions) subscription.run(id, path)
    for (const row of mailboxes) mailbox.run(row)
    return undefined
  }
}

export function restoreContentsMutation(db: Connection): MutationOf<'restoreContents'> {
  const rows = new ContentRows(db)
  return ({ account, contents }) => {
    for (const { content, trace, packed } of contents) rows.insert(account, content, trace, packed)
    return undefined
  }
}

export function restoreIndexMutation(db: Connection): MutationOf<'restoreIndex'> {
  const hot = db.prepare<unknown[]>(
    'INSERT INTO index_hot (account, mailbox, chunk, max_modseq, entries) VALUES (?, ?, ?, ?, ?)',
  )
  const cold = db.prepare<unknown[]>(
    'INSERT INTO index_cold (account, mailbox, chunk, entries) VALUES (?, ?, ?, ?)',
  )
  const tombstone = db.prepare<unknown[]>(
    'INSERT INTO tombstone (account, mailbox, chunk, modseq, expunged_at, hot, cold) VALUES (?, ?, ?, ?, ?, ?, ?)',
  )
  return ({ account, chunks, tombstones }) => {
    for (const one of chunks) {
      hot.run(account, one.mailbox, one.chunk, one.maxModseq, one.hot)
      cold.run(account, one.mailbox, one.chunk, one.cold)
    }
    for (const one of tombstones)
      tombstone.run(account, one.mailbox, one.chunk, one.modseq, one.expungedAt, one.hot, one.cold)
    return undefined
  }
}

export function finishAccountMutation(db: Connection): MutationOf<'finishAccount'> {
  const credential = db.prepare<unknown[]>('INSERT INTO credential VALUES (?, ?, ?, ?, ?)')
  const address = db.prepare<unknown[]>('INSERT INTO address VALUES (?, ?, ?, ?, ?, ?)')
  const serve = db.prepare<unknown[]>(
    "UPDATE account SET state = 'active', username_key = ? WHERE account = ? AND state = 'arriving'",
  )
  return ({ account: { account, username_key }, credentials, addresses }) => {
    if (serve.run(username_key, account).changes !== 1)
      throw new StoreError('no-such-account', `account ${account} is not arriving`)
    for (const { kind, hash, scope, version } of credentials)
      credential.run(account, kind, hash, scope, version)
    for (const one of addresses)
      address.run(one.id, account, one.address, one.addressKey, one.main ? 1 : 0, one.created)
    return undefined
  }
}

/** Whatever is there of an account that is to be restored goes: all of it, or its index alone. */
export function dropArrivedMutation(db: Connection): MutationOf<'dropArrived'> {
  const remove = db.prepare<[number]>("UPDATE account SET state = 'removing' WHERE account = ?")
  const index = ['index_hot', 'index_cold', 'tombstone'].map((table) =>
    db.prepare<[number]>(`DELETE FROM ${table} WHERE account = ?`),
  )
  return ({ account, what }) => {
    if (what === 'all') remove.run(account)
    else for (const removal of index) removal.run(account)
    return undefined
  }
}

export function finishArrivalMutation(db: Connection): MutationOf<'finishArrival'> {
  const count = db.prepare<[number]>(
    "INSERT INTO counter VALUES ('account', ?) ON CONFLICT (name) DO UPDATE SET value = max(value, excluded.value)",
  )
  const clearTokens = db.prepare('DELETE FROM token')
  const token = db.prepare<unknown[]>('INSERT INTO token VALUES (?, ?, ?, ?)')
  const clear = db.prepare('DELETE FROM arrival')
  return ({ lastAccount, tokens }) => {
    count.run(lastAccount)
    clearTokens.run()
    for (const { id, label, hash, created } of tokens) token.run(id, label, hash, created)
    clear.run()
    return undefined
  }
}
