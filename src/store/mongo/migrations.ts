// Collections and indexes, by numbered migrations under a lease: any number of instances may start at once, one of them
// migrates and the others wait. Never in a transaction. A schema that is newer than this program is refused.

import type { IndexDescription } from 'mongodb'
import { makeCollection } from '../../kit/mongo-collection.js'
import { StoreError } from '../errors.js'
import type { MongoDatabase } from './database.js'
import { within } from './failures.js'
import { FORGOTTEN_S, INSTANCES } from './instance.js'
import { Lease } from './lease.js'
import { type ChunkDocument, COLLECTIONS, chunkKey } from './schema.js'
import { storeCollection } from './store-collection.js'
import { alone } from './tenants.js'

/** May run again after it was interrupted. `still` keeps the lease, and throws where it was lost. */
type Migration = (database: MongoDatabase, still: () => Promise<void>) => Promise<void>

const LEASE_MS = 30_000
const POLL_MS = 100
const NAMESPACE_NOT_FOUND = 26
const NAMESPACE_EXISTS = 48
const FORMER_CHUNKS = 'chunks'
/** Chunks of one step: some 5 MB. */
const MOVED = 500

/** Besides `_id`, by collection. Each begins with what its queries always know. */
const INDEXES: Readonly<Record<string, readonly IndexDescription[]>> = {
  // Of a mailbox: its path. Accounts and \Recent have none.
  [COLLECTIONS.mailbox]: [
    { key: { account: 1, path: 1 }, name: 'by_path', partialFilterExpression: { path: { $exists: true } } },
    // By number, for lists: mailboxes stand in the same collection.
    { key: { account: 1 }, name: 'by_number', partialFilterExpression: { username: { $exists: true } } },
    // For the collector: those that are deleted, and not dropped yet.
    {
      key: { account: 1, deleted_at: 1 },
      name: 'by_deletion',
      partialFilterExpression: { deleted_at: { $gt: 0 } },
    },
    // Of a chunk: what changed since.
    {
      key: { account: 1, mailbox: 1, max_modseq: 1, chunk: 1 },
      name: 'by_modseq',
      partialFilterExpression: { chunk: { $exists: true } },
    },
  ],
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

/**
 * Chunks stood in a collection of their own once: an APPEND then wrote two of them. A program that still looks for them there
 * must not run beside this one. Throws StoreError where a server does.
 */
const chunksWithAccounts: Migration = async (database, still) => {
  const { demand, end } = await alone(database)
  try {
    await database.db.collection(COLLECTIONS.chunk).createIndexes([...(INDEXES[COLLECTIONS.chunk] ?? [])])
    while (await moveChunks(database)) {
      await still()
      await demand()
    }
    await database.db
      .collection(FORMER_CHUNKS)
      .drop()
      .catch((error: { code?: unknown }) => {
        if (error.code !== NAMESPACE_NOT_FOUND) throw error
      })
  } finally {
    await end()
  }
}

/** Moves some; false where none are left. */
async function moveChunks({ db }: MongoDatabase): Promise<boolean> {
  const former = db.collection<ChunkDocument>(FORMER_CHUNKS)
  const page = await former.find().limit(MOVED).toArray()
  if (page.length === 0) return false
  const replacements = page.map((chunk) => {
    const _id = chunkKey(chunk.account, chunk.mailbox, chunk.chunk)
    return { replaceOne: { filter: { _id }, replacement: { ...chunk, _id }, upsert: true } }
  })
  await db.collection<ChunkDocument>(COLLECTIONS.chunk).bulkWrite(replacements)
  await former.deleteMany({ _id: { $in: page.map(({ _id }) => _id) } })
  return true
}

export const migrations: readonly Migration[] = [first, chunksWithAccounts]

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

/** Brings the schema up to date, or waits until another instance has. Throws StoreError where it is newer. */
export async function migrate(
  database: MongoDatabase,
  steps: readonly Migration[] = migrations,
): Promise<void> {
  const { db } = database
  await within(
    database.timeoutMs,
    'making the store',
    makeCollection(db, storeCollection(database).collectionName),
  )
  const lease = new Lease(database, 'migration', LEASE_MS)
  for (;;) {
    const at = await schemaVersion(database)
    if (at > steps.length)
      throw new StoreError(
        'unavailable',
        `the database has schema ${at}, this program knows ${steps.length}: use the newer program that wrote it`,
      )
    if (at === steps.length) return
    if (await lease.take()) await migrateAsOwner(database, steps, lease)
    else await pause(POLL_MS)
  }
}

async function schemaVersion(database: MongoDatabase): Promise<number> {
  const found = await database.read('reading the schema', (session) =>
    storeCollection(database).findOne({ _id: 'schema' }, { session }),
  )
  return found?.value ?? 0
}

async function migrateAsOwner(database: MongoDatabase, steps: readonly Migration[], lease: Lease) {
  const still = async (): Promise<void> => {
    if (!(await lease.take()))
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
    await lease.release()
  }
}
