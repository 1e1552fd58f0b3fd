// The contract of blobs on GridFS, on a real replica set, and what it costs there.

import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { type CommandStartedEvent, type CommandSucceededEvent, type Document, MongoClient } from 'mongodb'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { newDatabase, type TestDatabase } from '../../../test/support/mongod.js'
import { describeWith } from '../../../test/support/programs.js'
import type { BlobStore } from '../blobs.js'
import { blobsContract } from '../contract/blobs-contract.js'
import { MEBIBYTE, none, OVER, octets, put } from '../contract/samples.js'
import { PIECE_SIZE } from '../piece-buffers.js'
import { gridfsBlobs } from './gridfs-blobs.js'

const nameOf = (url: string): string => new URL(url).pathname.slice(1)

async function openIn(url: string, options: object = {}): Promise<{ client: MongoClient; blobs: BlobStore }> {
  const client = await new MongoClient(url, options).connect()
  return { client, blobs: await gridfsBlobs({ client, database: nameOf(url) }) }
}

describeWith(['mongod'], 'blobs on MongoDB', () => {
  blobsContract({
    name: 'MongoDB',
    unfinishedGoes: 'after the grace',
    async open() {
      const database = await newDatabase()
      const clients: MongoClient[] = []
      const start = async (): Promise<BlobStore> => {
        const { client, blobs } = await openIn(database.url)
        clients.push(client)
        return blobs
      }
      const opened = {
        blobs: await start(),
        another: start,
        async reopen() {
          opened.blobs = await start()
          return opened.blobs
        },
        async dispose() {
          await database.drop()
          for (const client of clients) await client.close()
        },
        async octetsKept() {
          const pipeline = [{ $group: { _id: null, octets: { $sum: { $binarySize: '$data' } } } }]
          const [sum] =
            (await clients[0]?.db().collection('blobs.chunks').aggregate(pipeline).toArray()) ?? []
          return Number(sum?.['octets'] ?? 0)
        },
      }
      return opened
    },
  })
})

describeWith(['mongod'], 'what blobs on MongoDB cost', () => {
  let database: TestDatabase
  let client: MongoClient
  let blobs: BlobStore
  const started: CommandStartedEvent[] = []
  const succeeded: CommandSucceededEvent[] = []
  const forget = () => {
    started.length = 0
    succeeded.length = 0
  }
  beforeAll(async () => {
    database = await newDatabase()
    ;({ client, blobs } = await openIn(database.url, { monitorCommands: true }))
    client.on('commandStarted', (event) => started.push(event))
    client.on('commandSucceeded', (event) => succeeded.push(event))
  })
  afterAll(async () => {
    await database.drop()
    await client.close()
  })

  test('a range reads the chunks that it lies in and no other', async () => {
    const data = octets(5 * MEBIBYTE, 3)
    const hash = await put(blobs, data)
    for (const [start, end, most] of [
      [1_000_000, 1_001_000, 1],
      [PIECE_SIZE - 500, PIECE_SIZE + 500, 2],
      [0, 0, 0],
    ] as const) {
      forget()
      const parts: Uint8Array[] = []
      for await (const part of blobs.read(hash, start, end)) parts.push(part)
      expect(Buffer.concat(parts).equals(data.subarray(start, end))).toBe(true)
      const cursors = succeeded.map(({ reply }) => (reply as Document)['cursor'])
      const chunks = cursors.filter((cursor) => String(cursor?.ns).endsWith('blobs.chunks'))
      expect(chunks.flatMap(({ firstBatch }) => firstBatch).length).toBe(most)
      expect(started.length).toBeLessThanOrEqual(2)
    }
  })

  test('a small blob takes four commands, one that is there two', async () => {
    const data = octets(40_000, 4)
    forget()
    await put(blobs, data)
    expect(started.map(({ commandName }) => commandName)).toEqual(['find', 'update', 'insert', 'update'])
    forget()
    await put(blobs, data)
    expect(started.map(({ commandName }) => commandName)).toEqual(['find', 'update'])
  })

  test("chunks are at most 256 KiB, and what is acknowledged is the majority's", async () => {
    forget()
    const writer = blobs.write()
    await writer.write(octets(3 * PIECE_SIZE + 1, 5))
    await writer.finish()
    const inserts = started.filter(({ commandName }) => commandName === 'insert')
    expect(inserts.length).toBe(4)
    for (const { command } of inserts) {
      for (const { data } of command['documents']) expect(data.length).toBeLessThanOrEqual(PIECE_SIZE)
      expect(command['writeConcern']).toMatchObject({ w: 'majority', j: true })
    }
    expect(started.at(-1)?.command['writeConcern']).toMatchObject({ w: 'majority', j: true })
  })

  test('every query uses an index', async () => {
    forget()
    const hash = await put(blobs, octets(MEBIBYTE, 6))
    await put(blobs, octets(MEBIBYTE, 6))
    for await (const _ of blobs.read(hash, 0, MEBIBYTE));
    await expect(blobs.read('0'.repeat(64), 0, 1)[Symbol.asyncIterator]().next()).rejects.toThrow('not there')
    await blobs.touch(hash)
    for await (const _ of blobs.verify());
    const aborted = blobs.write()
    await aborted.write(octets(MEBIBYTE, 7))
    await aborted.abort()
    await blobs.write().write(octets(MEBIBYTE, 8))
    for (let round = 0; round < 3; round++) await blobs.collect(OVER, none)
    const plans = await explainAll(started.slice(), client.db())
    expect(plans.length).toBeGreaterThan(10)
    for (const { query, plan } of plans) {
      expect(plan, query).not.toContain('COLLSCAN')
      expect(plan, query).toMatch(/IXSCAN|IDHACK/)
    }
  })

  test('100 MB come in and go out within 64 MiB', () => {
    const program = fileURLToPath(new URL('./memory.fixture.js', import.meta.url))
    const told = execFileSync(process.execPath, [program, database.url], { encoding: 'utf8' })
    expect(Number(told)).toBeGreaterThan(0)
    expect(Number(told)).toBeLessThan(64)
  })

  test('twenty instances start at once on an empty database', async () => {
    const empty = await newDatabase()
    const instances = await Promise.all(Array.from({ length: 20 }, () => openIn(empty.url)))
    const data = octets(10_000, 9)
    await Promise.all(instances.map(({ blobs: one }) => put(one, data)))
    const db = instances[0]?.client.db()
    expect(await db?.collection('blobs.chunks').countDocuments()).toBe(1)
    const indexes = await db?.collection('blobs.files').listIndexes().toArray()
    expect(indexes?.map(({ name }) => name).sort()).toEqual(['_id_', 'by_hash', 'by_state'])
    await empty.drop()
    for (const one of instances) await one.client.close()
  })
})

/** How MongoDB runs each query that was sent, once for each form. */
async function explainAll(
  events: readonly CommandStartedEvent[],
  db: ReturnType<MongoClient['db']>,
): Promise<{ query: string; plan: string }[]> {
  const plans: { query: string; plan: string }[] = []
  for (const { commandName, command } of events) {
    if (!['find', 'update', 'delete'].includes(commandName)) continue
    const { lsid: _l, $clusterTime: _c, txnNumber: _t, writeConcern: _w, $db: _d, ...explained } = command
    const { readConcern: _r, ...query } = explained as Document
    const plan = await db.command({ explain: query, verbosity: 'queryPlanner' })
    plans.push({ query: JSON.stringify(query).slice(0, 500), plan: JSON.stringify(plan['queryPlanner']) })
  }
  return plans
}
