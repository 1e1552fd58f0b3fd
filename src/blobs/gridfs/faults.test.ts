// Blobs on GridFS beside a MongoDB that hangs, refuses, forgets to answer or fails over: what was acknowledged is there,
// what was not leaves nothing for long, and nobody waits longer than the store's timeout.

import { MongoClient } from 'mongodb'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type ReplicaSet, startReplicaSet } from '../../../test/support/mongod.js'
import { describeWith } from '../../../test/support/programs.js'
import { isStoreError } from '../../store/errors.js'
import type { BlobStore } from '../blobs.js'
import { get, hashOf, MEBIBYTE, none, OVER, octets, put, verified } from '../contract/samples.js'
import { gridfsBlobs } from './gridfs-blobs.js'

const NAME = 'eider'
const TIMEOUT_MS = 1_500

interface Opened {
  readonly client: MongoClient
  readonly blobs: BlobStore
}

async function openOn(set: ReplicaSet): Promise<Opened> {
  const client = await new MongoClient(set.url(NAME)).connect()
  return { client, blobs: await gridfsBlobs({ client, database: NAME, timeoutMs: TIMEOUT_MS }) }
}

describeWith(['mongod'], 'blobs on MongoDB, when that fails', () => {
  let set: ReplicaSet
  let opened: Opened
  beforeAll(async () => {
    set = await startReplicaSet()
    opened = await openOn(set)
  })
  afterAll(async () => {
    await opened.client.close()
    await set.dispose()
  })

  const documentsIn = (collection: string) => opened.client.db(NAME).collection(collection).countDocuments()

  /** The server does this to the next command of this name. */
  const failNext = (command: string, how: object) =>
    opened.client.db('admin').command({
      configureFailPoint: 'failCommand',
      mode: { times: 1 },
      data: { failCommands: [command], ...how },
    })

  async function refusesInTime(blobs: BlobStore, hash: string): Promise<void> {
    const calls: Record<string, () => Promise<unknown>> = {
      put: () => put(blobs, octets(1_000, 77)),
      'put of many pieces': () => put(blobs, octets(3 * MEBIBYTE, 78)),
      get: () => get(blobs, hash),
      touch: () => blobs.touch(hash),
      verify: () => verified(blobs),
      collect: () => blobs.collect(OVER, none),
    }
    const refusals = Object.entries(calls).map(async ([name, call]) => {
      const started = performance.now()
      await expect(call(), name).rejects.toMatchObject({ name: 'StoreError', code: 'unavailable' })
      expect(performance.now() - started, name).toBeLessThan(2 * TIMEOUT_MS)
    })
    await Promise.all(refusals)
  }

  test('hanging or gone, every call says so in time; back, all goes on', async () => {
    const { blobs } = opened
    const data = octets(MEBIBYTE, 1)
    const hash = await put(blobs, data)
    const [member] = set.members
    const halfway = blobs.write()
    await halfway.write(octets(MEBIBYTE, 2))
    member?.pause()
    try {
      await refusesInTime(blobs, hash)
      await expect(halfway.finish()).rejects.toMatchObject({ code: 'unavailable' })
      await halfway.abort()
    } finally {
      member?.resume()
    }
    const again = () =>
      get(blobs, hash).then(
        (read) => read.equals(data),
        () => false,
      )
    await expect.poll(again, { timeout: 60_000 }).toBe(true)
    await member?.kill()
    await refusesInTime(blobs, hash)
    await member?.start()
    await expect.poll(again, { timeout: 60_000 }).toBe(true)
    expect(await put(blobs, octets(1_000, 77))).toBe(hashOf(octets(1_000, 77)))
  })

  test('an answer that was lost does not make it fail, nor twice', async () => {
    const { blobs } = opened
    // The update is made, and the server says that it is shutting down.
    await failNext('update', { writeConcernError: { code: 91, errmsg: 'shutting down' } })
    const data = octets(MEBIBYTE, 3)
    expect((await get(blobs, await put(blobs, data))).equals(data)).toBe(true)
    await failNext('insert', { closeConnection: true })
    const other = octets(MEBIBYTE, 4)
    expect((await get(blobs, await put(blobs, other))).equals(other)).toBe(true)
    await verified(blobs)
  })

  test('a collector that ends between burying and deleting leaves what the next one finds', async () => {
    const { blobs } = opened
    for (let round = 0; round < 3; round++) await blobs.collect(OVER, none)
    expect(await documentsIn('blobs.chunks')).toBe(0)
    const data = octets(MEBIBYTE, 5)
    const hash = await put(blobs, data)
    await blobs.collect(OVER, none)
    await failNext('delete', { errorCode: 8000 })
    await expect(blobs.collect(OVER, none)).rejects.toMatchObject({ code: 'unavailable' })
    expect(await documentsIn('blobs.chunks')).toBe(4)
    expect(await blobs.touch(hash)).toBe(false)
    // The same octets come again: the new copy lives, the buried one goes.
    expect(await put(blobs, data)).toBe(hash)
    expect(await documentsIn('blobs.chunks')).toBe(8)
    await blobs.collect(OVER, async (hashes) => new Set(hashes))
    expect(await documentsIn('blobs.chunks')).toBe(4)
    expect(await documentsIn('blobs.files')).toBe(1)
    expect((await get(blobs, hash)).equals(data)).toBe(true)
  })

  test('a writer that the collector gave up is told, and what it adds since then goes too', async () => {
    const { blobs } = opened
    const inUse = async (hashes: readonly string[]) => new Set(hashes)
    const graves = () => opened.client.db(NAME).collection('blobs.files').countDocuments({ state: 'buried' })
    const before = await documentsIn('blobs.chunks')
    const late = blobs.write()
    await late.write(octets(MEBIBYTE, 6))
    // A grace of nothing: what was there before this round is old, what the round makes is not.
    await expect.poll(() => blobs.collect(0, inUse).then(graves)).toBe(1)
    await late.write(octets(MEBIBYTE, 7))
    await expect(late.finish()).rejects.toMatchObject({ code: 'unavailable' })
    await late.abort()
    expect(await documentsIn('blobs.chunks')).toBeGreaterThan(before)
    await expect.poll(() => blobs.collect(0, inUse).then(graves)).toBe(0)
    expect(await documentsIn('blobs.chunks')).toBe(before)
  })

  test('what is sealed waits for the rest of its message two graces long', async () => {
    const { client, blobs } = opened
    const HOUR = 3_600_000
    const files = client.db(NAME).collection('blobs.files')
    for (const [hours, outcome] of [
      [1.5, 'kept'],
      [2.5, 'unavailable'],
    ] as const) {
      const writer = blobs.write()
      await writer.write(octets(MEBIBYTE, 9 + hours))
      await writer.seal()
      await files.updateMany({ state: 'staged' }, { $set: { since: new Date(Date.now() - hours * HOUR) } })
      await blobs.collect(HOUR, async (hashes) => new Set(hashes))
      const finished = writer.finish().then(
        () => 'kept',
        ({ code }) => code,
      )
      expect(await finished).toBe(outcome)
      await writer.abort()
    }
  })

  test('a file that a failover lost while it was written leaves no chunks', async () => {
    const { client, blobs } = opened
    const before = await documentsIn('blobs.chunks')
    for (const end of ['finish', 'abort'] as const) {
      const writer = blobs.write()
      await writer.write(octets(MEBIBYTE, 8))
      await client.db(NAME).collection('blobs.files').deleteMany({ state: 'staged' })
      expect(await documentsIn('blobs.chunks')).toBeGreaterThan(before)
      const ended = writer[end]()
      if (end === 'finish') await expect(ended).rejects.toMatchObject({ code: 'unavailable' })
      await ended.catch(() => {})
      expect(await documentsIn('blobs.chunks')).toBe(before)
    }
  })
})

describeWith(['mongod'], 'blobs on MongoDB with three members', () => {
  test('the primary dies: what was acknowledged is read at once and whole, by whoever asks', async () => {
    const set = await startReplicaSet({ members: 3 })
    const [writer, reader] = await Promise.all([openOn(set), openOn(set)])
    try {
      const acknowledged: string[] = []
      let stopped = false
      let refused = 0
      const writing = Array.from({ length: 4 }, async (_, n) => {
        for (let i = 0; !stopped; i++) {
          const data = octets(i % 5 === 0 ? 700_000 : 3_000, 10_000 * n + i)
          const hash = await put(writer.blobs, data).catch((error: unknown) => {
            if (!isStoreError(error, 'unavailable')) throw error
            refused++
          })
          if (hash !== undefined) acknowledged.push(hash)
        }
      })
      const enough = async (count: number) =>
        expect.poll(() => acknowledged.length, { timeout: 50_000 }).toBeGreaterThan(count)
      await enough(20)
      await (await set.primary()).kill()
      const before = acknowledged.length
      await enough(before + 20)
      stopped = true
      await Promise.all(writing)
      for (const hash of acknowledged) expect(hashOf(await get(reader.blobs, hash))).toBe(hash)
      expect(await verified(reader.blobs)).toBeGreaterThanOrEqual(new Set(acknowledged).size)
      expect(refused).toBeLessThan(acknowledged.length)
    } finally {
      await writer.client.close()
      await reader.client.close()
      await set.dispose()
    }
  }, 180_000)
})
