// The contract of the blob store, against one engine. An engine's test file calls this and nothing else.

import { createHash } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { raceSuite } from './race-suite.js'
import {
  all,
  type BlobEngine,
  get,
  hashOf,
  MEBIBYTE,
  none,
  type OpenBlobs,
  OVER,
  octets,
  put,
  verified,
} from './samples.js'

function contentsSuite(current: () => OpenBlobs, { unfinishedGoes }: BlobEngine): void {
  test.each([0, 1, 1000, 262_143, 262_144, 262_145, 3 * MEBIBYTE + 7])(
    'a blob of %d octets comes back',
    async (length) => {
      const { blobs } = current()
      const data = octets(length, length + 1)
      const hash = await put(blobs, data)
      expect(hash).toBe(hashOf(data))
      expect((await get(blobs, hash)).equals(data)).toBe(true)
    },
  )

  test('any range is read', async () => {
    const { blobs } = current()
    const data = octets(MEBIBYTE)
    const hash = await put(blobs, data)
    for (const [start, end] of [
      [0, 1],
      [262_143, 262_145],
      [500_000, 2 * MEBIBYTE],
      [MEBIBYTE, MEBIBYTE + 5],
      [7, 7],
    ])
      expect((await get(blobs, hash, start, end)).equals(data.subarray(start, end))).toBe(true)
  })

  test('the writer may use its buffer again at once', async () => {
    const { blobs } = current()
    const buffer = Buffer.alloc(100_000)
    const writer = blobs.write()
    const hash = createHash('sha256')
    for (let n = 0; n < 20; n++) {
      buffer.fill(n)
      hash.update(buffer)
      await writer.write(buffer)
      buffer.fill(255)
    }
    const stored = await writer.finish()
    expect(stored.hash).toBe(hash.digest('hex'))
    expect(hashOf(await get(blobs, stored.hash))).toBe(stored.hash)
  })

  test('the same octets are kept once, also when they come at once', async () => {
    const open = current()
    const before = await open.octetsKept()
    const data = octets(MEBIBYTE, 99)
    const hashes = await Promise.all(Array.from({ length: 4 }, () => put(open.blobs, data)))
    expect(new Set(hashes).size).toBe(1)
    await put(open.blobs, data)
    expect(await open.octetsKept()).toBe(before + data.length)
    expect((await get(open.blobs, hashes[0] ?? '')).equals(data)).toBe(true)
  })

  test('an aborted blob leaves nothing, a missing one is said to be missing', async () => {
    const open = current()
    const before = await open.octetsKept()
    const writer = open.blobs.write()
    await writer.write(octets(MEBIBYTE, 5))
    await writer.abort()
    expect(await open.octetsKept()).toBe(before)
    const missing = '0'.repeat(64)
    await expect(get(open.blobs, missing)).rejects.toMatchObject({ code: 'corrupt' })
    expect(await open.blobs.touch(missing)).toBe(false)
  })

  test.each([
    // More than wait in memory.
    ['40 of one piece', 40, 1000],
    ['of many pieces', 2, MEBIBYTE],
  ])(
    'what is sealed nobody finds until it is finished, and aborted it leaves nothing: %s',
    async (_, count, length) => {
      const open = current()
      const before = await open.octetsKept()
      const all = Array.from({ length: count }, (_, n) => octets(length, 200 + n + length))
      const seal = async (data: Buffer) => {
        const writer = open.blobs.write()
        await writer.write(data)
        expect(await writer.seal()).toEqual({ hash: hashOf(data), size: length })
        return writer
      }
      const aborted = await Promise.all(all.map(seal))
      for (const data of all) expect(await open.blobs.touch(hashOf(data))).toBe(false)
      const [shared = Buffer.alloc(0)] = all
      await put(open.blobs, shared)
      await Promise.all(aborted.map((writer) => writer.abort()))
      expect(await open.octetsKept()).toBe(before + length)
      expect((await get(open.blobs, hashOf(shared))).equals(shared)).toBe(true)
      const finished = await Promise.all(all.map(seal))
      await Promise.all(finished.map((writer) => writer.finish()))
      for (const data of all) expect((await get(open.blobs, hashOf(data))).equals(data)).toBe(true)
      expect(await open.octetsKept()).toBe(before + count * length)
    },
  )

  test('what one instance has finished another reads, and has when it comes there too', async () => {
    const open = current()
    const other = await open.another()
    const data = octets(MEBIBYTE + 1, 100)
    const before = await open.octetsKept()
    const hash = await put(open.blobs, data)
    expect((await get(other, hash)).equals(data)).toBe(true)
    expect(await put(other, data)).toBe(hash)
    expect(await other.touch(hash)).toBe(true)
    expect(await open.octetsKept()).toBe(before + data.length)
  })

  test('the same octets in two instances at once are kept once', async () => {
    const open = current()
    const instances = [open.blobs, await open.another()]
    for (const length of [40_000, 600_000]) {
      const data = octets(length, length)
      const before = await open.octetsKept()
      await Promise.all(
        Array.from({ length: 8 }, (_, n) => put(instances[n % 2] ?? open.blobs, data, 9_000 + n)),
      )
      expect(await open.octetsKept()).toBe(before + data.length)
      for (const blobs of instances) expect((await get(blobs, hashOf(data))).equals(data)).toBe(true)
    }
  })

  test(`what was not finished is gone ${unfinishedGoes}, what was finished is there`, async () => {
    const open = current()
    const data = octets(MEBIBYTE, 6)
    const hash = await put(open.blobs, data)
    const before = await open.octetsKept()
    await open.blobs.write().write(octets(MEBIBYTE, 7))
    const blobs = await open.reopen()
    if (unfinishedGoes === 'after the grace') {
      await blobs.collect(3_600_000, all)
      expect(await open.octetsKept()).toBeGreaterThan(before)
      await blobs.collect(OVER, all)
    }
    expect(await open.octetsKept()).toBe(before)
    expect((await get(blobs, hash)).equals(data)).toBe(true)
    expect(await verified(blobs)).toBeGreaterThan(0)
  })
}

function collectorSuite(current: () => OpenBlobs): void {
  test('an unused blob dies in two rounds, a referenced one never', async () => {
    const open = current()
    const kept = await put(open.blobs, octets(1000, 11))
    const gone = await put(open.blobs, octets(MEBIBYTE, 12))
    const isKept = async () => new Set([kept])
    expect(await open.blobs.collect(OVER, isKept)).toEqual({ deleted: 0 })
    expect(await open.blobs.touch(kept)).toBe(true)
    expect((await get(open.blobs, gone)).length).toBe(MEBIBYTE)
    expect(await open.blobs.collect(OVER, isKept)).toEqual({ deleted: 1 })
    await expect(get(open.blobs, gone)).rejects.toMatchObject({ code: 'corrupt' })
    expect(await open.blobs.touch(gone)).toBe(false)
    expect(await open.octetsKept()).toBe(1000)
    const again = await put(open.blobs, octets(MEBIBYTE, 12))
    expect(again).toBe(gone)
    expect((await get(open.blobs, again)).length).toBe(MEBIBYTE)
  })

  test('the grace is waited for', async () => {
    const { blobs } = current()
    const hash = await put(blobs, octets(10, 13))
    for (let round = 0; round < 3; round++)
      expect(await blobs.collect(3_600_000, none)).toEqual({ deleted: 0 })
    expect(await blobs.touch(hash)).toBe(true)
  })

  test('touching or writing it again revives a dying blob', async () => {
    const { blobs } = current()
    const touched = await put(blobs, octets(20, 14))
    const written = await put(blobs, octets(20, 15))
    const isElse = async (hashes: readonly string[]) =>
      new Set(hashes.filter((hash) => hash !== touched && hash !== written))
    await blobs.collect(OVER, isElse)
    expect(await blobs.touch(touched)).toBe(true)
    await put(blobs, octets(20, 15))
    // Both are alive again: this round marks them, and deletes nothing.
    expect(await blobs.collect(OVER, isElse)).toEqual({ deleted: 0 })
    expect((await get(blobs, touched)).length).toBe(20)
    expect((await get(blobs, written)).length).toBe(20)
  })

  test('a reference that came after the mark saves a dying blob', async () => {
    const { blobs } = current()
    const hash = await put(blobs, octets(30, 16))
    await blobs.collect(OVER, async (hashes) => new Set(hashes.filter((one) => one !== hash)))
    expect(await blobs.collect(OVER, all)).toEqual({ deleted: 0 })
    expect(await blobs.collect(OVER, all)).toEqual({ deleted: 0 })
    expect((await get(blobs, hash)).length).toBe(30)
  })

  test('a touch between the first question and the mark wins', async () => {
    const { blobs } = current()
    const hash = await put(blobs, octets(50, 18))
    const others = async (hashes: readonly string[]) => new Set(hashes.filter((one) => one !== hash))
    let wasAsked = false
    const touching = async (hashes: readonly string[]) => {
      if (hashes.includes(hash)) wasAsked = await blobs.touch(hash)
      return others(hashes)
    }
    // Until it is old enough for the question.
    await expect.poll(() => blobs.collect(50, touching).then(() => wasAsked)).toBe(true)
    // Had it been marked, this round would delete it.
    expect(await blobs.collect(OVER, others)).toEqual({ deleted: 0 })
    expect((await get(blobs, hash)).length).toBe(50)
  })

  test('a touch between the last question and the deletion wins', async () => {
    const { blobs } = current()
    const hash = await put(blobs, octets(40, 17))
    const others = async (hashes: readonly string[]) => new Set(hashes.filter((one) => one !== hash))
    await blobs.collect(OVER, others)
    await blobs.collect(OVER, async (hashes) => {
      if (hashes.includes(hash)) await blobs.touch(hash)
      return others(hashes)
    })
    expect((await get(blobs, hash)).length).toBe(40)
  })

  test('what is deleted while everything is verified is not said to be damaged', async () => {
    const { blobs } = current()
    await put(blobs, octets(60, 19))
    const gone = await put(blobs, octets(60, 20))
    const others = async (hashes: readonly string[]) => new Set(hashes.filter((one) => one !== gone))
    let deleted = 0
    for await (const { hash, computed } of blobs.verify()) {
      expect(computed).toBe(hash)
      for (let round = 0; round < 2; round++) deleted += (await blobs.collect(OVER, others)).deleted
    }
    expect(deleted).toBe(1)
  })
}

export function blobsContract(engine: BlobEngine): void {
  for (const [what, suite] of [
    ['contents', contentsSuite],
    ['collector', collectorSuite],
    ['collector in use', raceSuite],
  ] as const)
    describe(`the contract of blobs on ${engine.name}: ${what}`, () => {
      let open: OpenBlobs
      beforeAll(async () => {
        open = await engine.open()
      })
      afterAll(() => open.dispose())
      suite(() => open, engine)
    })
}
