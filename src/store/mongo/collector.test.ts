// The collector on MongoDB, where it is broken off anywhere, and where several are at it: what is named stays, and what is
// not goes all the same.

import { afterAll, beforeAll, expect, test } from 'vitest'
import { newDatabase, type TestDatabase } from '../../../test/support/mongod.js'
import { describeWith } from '../../../test/support/programs.js'
import {
  allEntries,
  drain,
  NO_LIMIT,
  type Place,
  path,
  place,
  sample,
  samples,
  uidRange,
} from '../contract/samples.js'
import type { Store } from '../store.js'
import type { Access } from './access.js'
import { Collector } from './collector.js'
import { MongoDatabase } from './database.js'
import { GroupCommit } from './group-commit.js'
import { Instance } from './instance.js'
import { Lease } from './lease.js'
import { Memory } from './memory.js'
import { openMongoStore } from './mongo-store.js'
import { accountKey, sourceKey } from './schema.js'

const DAY = 86_400_000
const EVERYTHING = { tombstoneAge: -DAY, contentAge: -DAY }
const NOTHING = { contents: 0, tombstones: 0, mailboxes: 0, accounts: 0, passedOver: [] }
const mine = async () => true

const cut = { at: 9, length: 100, blob: 'd'.repeat(64), blobSize: 100, form: { kind: 'identity' } } as const

/** What a collector works with, of an instance of its own; `close` ends it. */
async function newInstance(url: string): Promise<Access & { close(): Promise<void> }> {
  const database = await MongoDatabase.open({ url })
  const instance = new Instance(database)
  const memory = new Memory()
  const commits = new GroupCommit(database, instance, memory)
  return {
    database,
    memory,
    mutate: commits.run.bind(commits),
    async close() {
      await commits.close()
      await instance.close()
      await database.close()
    },
  }
}

/** Keys of an account. Of contents: without their sources. */
const ownOf = ({ id }: Place) => ({ $gte: accountKey(id), $lt: sourceKey(id, 0) })

async function expunge(store: Store, { id, inbox }: Place, from: number, to: number): Promise<void> {
  const uids = uidRange(from, to)
  await drain(store.changeFlags(id, inbox, uids, { mode: 'add', flags: ['\\Deleted'] }))
  await drain(store.expunge(id, inbox, uids))
}

describeWith(['mongod'], 'collectors on MongoDB', () => {
  let database: TestDatabase
  let store: Store
  beforeAll(async () => {
    database = await newDatabase()
    store = await openMongoStore({ url: database.url })
  })
  afterAll(async () => {
    await store.close()
    await database.drop()
  })

  test('a round that ends before any of its mutations leaves nothing that the next does not find', async () => {
    const access = await newInstance(database.url)
    let broken = 0
    for (let last = 0; ; last++) {
      const at = await place(store)
      await store.append(at.id, at.inbox, samples(10), NO_LIMIT)
      await store.append(at.id, at.other, samples(10, { cuts: [cut] }), NO_LIMIT)
      await expunge(store, at, 1, 5)
      await store.deleteMailbox(at.id, path('Other'))
      let mutations = 0
      const dying: Access = {
        ...access,
        mutate(mutation) {
          if (mutations++ === last) return Promise.reject(new Error('killed'))
          return access.mutate(mutation)
        },
      }
      const ended = await new Collector(dying).collect(EVERYTHING, mine).then(
        () => true,
        () => false,
      )
      expect(await drain(store.check({ repair: false })), `before mutation ${last}`).toEqual([])
      await store.collect(EVERYTHING)
      expect(await store.referencedBlobs([cut.blob])).toEqual(new Set())
      expect(await drain(store.check({ repair: false }))).toEqual([])
      expect(await access.database.collection('content').countDocuments({ _id: ownOf(at) })).toBe(5)
      expect(await access.database.collection('tombstone').countDocuments({ _id: ownOf(at) })).toBe(0)
      if (ended) break
      broken++
    }
    // The purge of contents, the note of it, the mailbox, the tombstones.
    expect(broken).toBe(4)
    await access.close()
  })

  test('several at once, beside writers, take nothing that is named', async () => {
    const { id, inbox, other } = await place(store)
    await store.append(id, inbox, samples(100), NO_LIMIT)
    const instances = await Promise.all([newInstance(database.url), newInstance(database.url)])
    let done = false
    const collecting = instances.map(async (access) => {
      while (!done) await new Collector(access).collect(EVERYTHING, mine)
    })
    for (let round = 0; round < 10; round++) {
      const [from, to] = round % 2 === 0 ? [inbox, other] : [other, inbox]
      await drain(store.move(id, from, uidRange(1, 10_000), to))
      await store.append(id, inbox, [sample()], NO_LIMIT)
    }
    done = true
    await Promise.all(collecting)
    expect(await drain(store.check({ repair: false }))).toEqual([])
    const kept = await Promise.all([inbox, other].map((mailbox) => allEntries(store, id, mailbox)))
    expect(kept.flat()).toHaveLength(110)
    await Promise.all(instances.map((access) => access.close()))
  })

  test('one at a time collects; the lease of one that died lapses', async () => {
    const access = await newInstance(database.url)
    const at = await place(store)
    await store.append(at.id, at.inbox, samples(3), NO_LIMIT)
    await expunge(store, at, 1, 3)
    const held = new Lease(access.database, 'collector', 300)
    expect(await held.take()).toBe(true)
    expect(await store.collect(EVERYTHING)).toEqual(NOTHING)
    await expect.poll(() => store.collect(EVERYTHING)).toMatchObject({ contents: 3 })
    expect(await held.take()).toBe(true)
    await access.close()
  })
})
