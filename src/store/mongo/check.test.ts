// The contract of `check` on MongoDB.

import { type Db, MongoClient } from 'mongodb'
import { newDatabase, type TestDatabase } from '../../../test/support/mongod.js'
import { describeWith } from '../../../test/support/programs.js'
import { checkContract, type Damage, rename, swapUids } from '../contract/check-contract.js'
import { openMongoStore } from './mongo-store.js'
import {
  accountKey,
  COLLECTIONS,
  chunkKey,
  contentKey,
  type Kind,
  type Kinds,
  mailboxKey,
  referenceKey,
  sourceKey,
} from './schema.js'

const of = <K extends Kind>(db: Db, kind: K) => db.collection<Kinds[K]>(COLLECTIONS[kind])
const account = (db: Db, set: Partial<Kinds['account']>) =>
  of(db, 'account').updateOne({ _id: accountKey(1) }, { $set: set })
const inbox = (db: Db, set: Partial<Kinds['mailbox']>) =>
  of(db, 'mailbox').updateOne({ _id: mailboxKey(1, 1) }, { $set: set })
const UNREADABLE = Buffer.from('0906', 'hex')
const chunk = (number: number) => ({ _id: chunkKey(1, 1, number) })

/** Changes the first chunk. */
const changeFirst = (change: (hot: Uint8Array, cold: Uint8Array) => void) => async (db: Db) => {
  const found = await of(db, 'chunk').findOne(chunk(0), { promoteBuffers: true })
  if (found === null) throw new Error('there is no first chunk')
  const { hot, cold } = found
  change(hot, cold)
  await of(db, 'chunk').updateOne(chunk(0), { $set: { hot, cold } })
}

/** Contents and sources stand in one collection. */
async function copyContent(db: Db): Promise<void> {
  await account(db, { content_next: 1000 })
  const contents = db.collection<{ _id: string }>(COLLECTIONS.content)
  for (const key of [contentKey, sourceKey]) {
    const found = await contents.findOne({ _id: key(1, 7) })
    await contents.insertOne({ ...found, _id: key(1, 300) })
  }
}

const DAMAGES: Readonly<Record<Damage, (db: Db) => Promise<unknown>>> = {
  counters: (db) => inbox(db, { messages: 7, unseen: 9 }),
  quota: (db) => of(db, 'account').updateOne({ _id: accountKey(1) }, { $inc: { storage_used: 1 } }),
  'a uidNext below a UID': (db) => inbox(db, { uid_next: 5 }),
  'a highestModseq below an entry': (db) => inbox(db, { highest_modseq: 1 }),
  'a maxModseq below an entry': (db) => of(db, 'chunk').updateMany({}, { $set: { max_modseq: 1 } }),
  'an account modseq below a mailbox': (db) => account(db, { modseq: 1 }),
  'numbers that would be given again': (db) =>
    account(db, { content_next: 3, mailbox_next: 1, uid_validity: 5 }),
  'a missing reference': (db) => of(db, 'reference').deleteMany({}),
  'a reference of a content that is not there': (db) => {
    const hash = Buffer.alloc(32, 0xbb)
    return of(db, 'reference').insertOne({ _id: referenceKey(1, 900, hash), account: 1, hash })
  },
  'a content that nobody names': copyContent,
  'a content that is missing': (db) =>
    of(db, 'content').deleteMany({ _id: { $in: [contentKey(1, 7), sourceKey(1, 7)] } }),
  'a summary that is missing': (db) => of(db, 'content').deleteOne({ _id: contentKey(1, 7) }),
  'a source that is missing': (db) => of(db, 'source').deleteOne({ _id: sourceKey(1, 7) }),
  'a source of another size': (db) =>
    of(db, 'source').updateOne({ _id: sourceKey(1, 7) }, { $set: { skeleton: Buffer.from('short') } }),
  'a trace of another size': (db) =>
    of(db, 'source').updateOne({ _id: sourceKey(1, 7) }, { $set: { trace: Buffer.from('x') } }),
  'a chunk with one half': (db) => of(db, 'chunk').updateOne(chunk(1), { $unset: { cold: 1 } }),
  'a chunk that cannot be read': (db) => of(db, 'chunk').updateOne(chunk(0), { $set: { hot: UNREADABLE } }),
  'a cold half that cannot be read': (db) =>
    of(db, 'chunk').updateOne(chunk(0), { $set: { cold: UNREADABLE } }),
  'a tombstone that cannot be read': (db) =>
    of(db, 'tombstone').updateMany({ account: 1 }, { $set: { cold: UNREADABLE } }),
  'an entry that names another content': changeFirst((_, cold) => rename(cold, 2 ** 22)),
  'an entry that names the content of another': changeFirst((_, cold) => rename(cold, 1)),
  'UIDs out of order': changeFirst(swapUids),
  'a keyword without a name': (db) => account(db, { keywords: [] }),
}

describeWith(['mongod'], 'check', () => {
  let database: TestDatabase
  let client: MongoClient
  const clear = async (): Promise<void> => {
    const db = client.db()
    for (const name of new Set<string>(Object.values(COLLECTIONS))) await db.collection(name).deleteMany({})
    await db.collection<{ _id: string }>('store').deleteMany({ _id: { $ne: 'schema' } })
  }
  checkContract({
    name: 'MongoDB',
    async prepare() {
      database = await newDatabase()
      client = new MongoClient(database.url)
    },
    // Collections are dear to make: they are cleared instead.
    async begin() {
      const store = await openMongoStore({ url: database.url })
      await clear()
      return store
    },
    async breakIt(store, damage) {
      await store.close()
      await DAMAGES[damage](client.db())
      return openMongoStore({ url: database.url })
    },
    async dispose() {
      await client.close()
      await database.drop()
    },
  })
})
