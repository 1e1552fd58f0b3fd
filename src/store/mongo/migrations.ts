// Collections and indexes, by numbered migrations under a lease: any number of instances may start at once, one of them
// migrates and the others wait. Never in a transaction. A schema that is newer than this program is refused.

import { randomUUID } from 'node:crypto'
import type { Collection, IndexDescription } from 'mongodb'
import { StoreError } from '../errors.js'
import type { MongoDatabase } from './database.js'
import { within } from './failures.js'
import { FORGOTTEN_S, INSTANCES } from './instance.js'
import { COLLECTIONS } from './schema.js'

/** The schema's version, leases and the counter of accounts, by name. */
export interface StoreDocument {
  readonly _id: string
  readonly value?: number
  readonly owner?: string
  readonly expires?: Date
}

export const storeCollection = (database: MongoDatabase): Collection<StoreDocument> =>
  database.db.collection<StoreDocument>('store')

/** May run again after it was interrupted. `still` keeps the lease, and throws where it was lost. */
type Migration = (database: MongoDatabase, still: () => Promise<void>) => Promise<void>

const LEASE_MS = 30_000
const POLL_MS = 100
const NAMESPACE_EXISTS = 48

/** Besides `_id`, by collection. Each begins with what its queries always know. */
const INDEXES: Readonly<Record<string, readonly IndexDescription[]>> = {
  // Of a mailbox: its path. Accounts and \Recent have none.
  [COLLECTIONS.mailbox]: [
    { key: { account: 1, path: 1 }, name: 'by_path', partialFilterExpression: { path: { $exists: true } } },
    // By number, for lists: mailboxes stand in the same collection.
    { key: { account: 1 }, name: 'by_number', partialFilterExpression: { username: { $exists: true } } },
  ],
  [COLLECTIONS.chunk]: [{ key: { account: 1, mailbox: 1, max_modseq: 1, chunk: 1 }, name: 'by_modseq' }],
  [COLLECTIONS.tombstone]: [
    { key: { account: 1, mailbox: 1, chunk: 1 }, name: 'by_chunk' },
    { key: { account: 1, expunged_at: 1 }, name: 'by_time' },
  ],
  [COLLECTIONS.reference]: [{ key: { hash: 1, account: 1 }, name: 'by_hash' }],
  [COLLECTIONS.token]: [{ key: { id: 1 }, name: 'by_id', unique: true }],
  [COLLECTIONS.outbox]: [{ key: { due: 1 }, name: 'by_due' }],
  [INSTANCES]: [{ key: { expires: 1 }, name: 'by_expiry', expireAfterSeconds: FORGOTTEN_S }],
}

const first: Migration = async (database, still) => {
  for (const collection of new Set([...Object.values(COLLECTIONS), INSTANCES])) {
    await still()
    await database.db.createCollection(collection).catch((error: { code?: unknown }) => {
      if (error.code !== NAMESPACE_EXISTS) throw error
    })
    const indexes = INDEXES[collection]
    if (indexes !== undefined) await database.db.collection(collection).createIndexes([...indexes])
  }
}

export const migrations: readonly Migration[] = [first]

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

/** Brings the schema up to date, or waits until another instance has. Throws StoreError where it is newer. */
export async function migrate(
  database: MongoDatabase,
  steps: readonly Migration[] = migrations,
): Promise<void> {
  const owner = randomUUID()
  await within(database.timeoutMs, 'making the store', makeStoreCollection(database, owner))
  for (;;) {
    const at = await schemaVersion(database)
    if (at > steps.length)
      throw new StoreError(
        'unavailable',
        `the database has schema ${at}, this program knows ${steps.length}: use the newer program that wrote it`,
      )
    if (at === steps.length) return
    if (await takeLease(database, owner)) await migrateAsOwner(database, steps, owner)
    else await pause(POLL_MS)
  }
}

/**
 * The collection that the lease itself lives in. It is made under a name of this instance's own and then renamed, which the
 * database's lock decides: many that make one collection at once conflict, and a mongod under Wine dies of that.
 */
async function makeStoreCollection(database: MongoDatabase, owner: string): Promise<void> {
  const { db } = database
  const name = storeCollection(database).collectionName
  if ((await db.listCollections({ name }, { nameOnly: true }).toArray()).length > 0) return
  const own = await db.createCollection(`${name}.${owner}`)
  try {
    await own.rename(name)
  } catch (error) {
    await own.drop()
    if ((error as { code?: unknown }).code !== NAMESPACE_EXISTS) throw error
  }
}

async function schemaVersion(database: MongoDatabase): Promise<number> {
  const found = await database.read('reading the schema', (session) =>
    storeCollection(database).findOne({ _id: 'schema' }, { session }),
  )
  return found?.value ?? 0
}

async function migrateAsOwner(database: MongoDatabase, steps: readonly Migration[], owner: string) {
  const still = async (): Promise<void> => {
    if (!(await takeLease(database, owner)))
      throw new StoreError('unavailable', 'another instance has taken over the migration: start again')
  }
  try {
    // Read again: another owner may have been here since.
    for (let at = await schemaVersion(database); at < steps.length; at++) {
      await steps[at]?.(database, still)
      await still()
      await storeCollection(database).updateOne(
        { _id: 'schema' },
        { $set: { value: at + 1 } },
        { upsert: true },
      )
    }
  } finally {
    await storeCollection(database).deleteOne({ _id: 'migration', owner })
  }
}

/** Takes or keeps the lease on migrating, by the clock of MongoDB; false where another has it. */
async function takeLease(database: MongoDatabase, owner: string): Promise<boolean> {
  const mine = { $literal: owner }
  const free = {
    $or: [{ $eq: ['$owner', mine] }, { $lt: [{ $ifNull: ['$expires', new Date(0)] }, '$$NOW'] }],
  }
  const expires = { $add: ['$$NOW', LEASE_MS] }
  const lease = await storeCollection(database).findOneAndUpdate(
    { _id: 'migration' },
    [{ $set: { owner: { $cond: [free, mine, '$owner'] }, expires: { $cond: [free, expires, '$expires'] } } }],
    { upsert: true, returnDocument: 'after' },
  )
  return lease?.owner === owner
}
