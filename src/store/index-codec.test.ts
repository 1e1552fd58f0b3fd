// The packed index gives back what was put in, at every width, and refuses what it did not write.

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { FLAG_WORDS } from '../model/flags.js'
import { emptyCold, emptyHot } from './entries.js'
import {
  CHUNK_SIZE,
  chunkOf,
  decodeChunk,
  decodeContents,
  decodeHot,
  divideCold,
  divideHot,
  encodeCold,
  encodeHot,
  firstUidOf,
  joinCold,
  joinHot,
  MAX_PACKED_MODSEQ,
  MAX_PACKED_SIZE,
} from './index-codec.js'

const word = (bits: number) => fc.integer({ min: 0, max: 2 ** bits - 1 })
/** Flags of all widths that are stored: 1, 2, 4, 8 and 16 octets. */
const flags = fc.oneof(
  fc.tuple(word(8), fc.constant(0), fc.constant(0), fc.constant(0)),
  fc.tuple(word(16), fc.constant(0), fc.constant(0), fc.constant(0)),
  fc.tuple(word(32), fc.constant(0), fc.constant(0), fc.constant(0)),
  fc.tuple(word(32), word(32), fc.constant(0), fc.constant(0)),
  fc.tuple(word(32), word(32), word(32), word(32)),
)
const entry = fc.record({
  modseq: fc.integer({ min: 0, max: MAX_PACKED_MODSEQ }),
  flags,
  seconds: fc.integer({ min: -(2 ** 46), max: 2 ** 46 }),
  zone: fc.integer({ min: -1439, max: 1439 }),
  saved: fc.integer({ min: 0, max: 2 ** 47 }),
  size: fc.integer({ min: 0, max: MAX_PACKED_SIZE }),
  content: word(32),
  attachments: fc.integer({ min: 0, max: 1 }),
})
type Entry = typeof entry extends fc.Arbitrary<infer E> ? E : never
const chunk = fc.integer({ min: 0, max: chunkOf(2 ** 32 - 1) })
const entries = fc
  .uniqueArray(fc.integer({ min: 0, max: CHUNK_SIZE - 1 }), { maxLength: CHUNK_SIZE })
  .map((offsets) => offsets.toSorted((a, b) => a - b))
  .chain((offsets) =>
    fc.tuple(fc.constant(offsets), fc.array(entry, { minLength: offsets.length, maxLength: offsets.length })),
  )

function columnsOf(number: number, offsets: readonly number[], given: readonly Entry[]) {
  const length = offsets.length
  const columns = { ...emptyHot(length), length, cold: emptyCold(length) }
  given.forEach((one, at) => {
    columns.uids[at] = firstUidOf(number) + (offsets[at] ?? 0)
    columns.modseqs[at] = one.modseq
    columns.flags.set(one.flags, at * FLAG_WORDS)
    columns.cold.internalDates[at] = one.seconds * 1000
    columns.cold.zones[at] = one.zone
    columns.cold.savedDates[at] = one.saved
    columns.cold.sizes[at] = one.size
    columns.cold.contents[at] = one.content
    columns.cold.attachments[at] = one.attachments
  })
  return columns
}

test('what was packed is unpacked', () => {
  fc.assert(
    fc.property(chunk, entries, (number, [offsets, given]) => {
      const columns = columnsOf(number, offsets, given)
      const hot = encodeHot(columns, 0, columns.length)
      const cold = encodeCold(columns.uids, columns.cold, 0, columns.length)
      expect(decodeChunk(number, hot, cold)).toEqual(columns)
      const contents: number[] = []
      decodeContents(cold, (content) => contents.push(content))
      expect(contents).toEqual([...columns.cold.contents])
    }),
  )
})

test('dividing and joining lose nothing', () => {
  fc.assert(
    fc.property(
      chunk,
      entries,
      fc.nat(CHUNK_SIZE),
      fc.infiniteStream(fc.boolean()),
      (number, [offsets, given], at, coin) => {
        const columns = columnsOf(number, offsets, given)
        const middle = Math.min(at, columns.length)
        const part = (from: number, to: number) =>
          [encodeHot(columns, from, to), encodeCold(columns.uids, columns.cold, from, to)] as const
        const [low, lowCold] = part(0, middle)
        const [high, highCold] = part(middle, columns.length)
        const hot = joinHot(low, high)
        const cold = joinCold(lowCold, highCold)
        expect(decodeChunk(number, hot, cold)).toEqual(columns)
        const take = Uint8Array.from(offsets, () => (coin.next().value === true ? 1 : 0))
        const hots = divideHot(hot, take)
        const colds = divideCold(cold, take)
        for (const [which, wanted] of [
          ['taken', 1],
          ['kept', 0],
        ] as const) {
          const some = decodeChunk(number, hots[which], colds[which])
          expect([...some.uids]).toEqual([...columns.uids].filter((_, n) => take[n] === wanted))
          expect([...some.cold.contents]).toEqual(
            [...columns.cold.contents].filter((_, n) => take[n] === wanted),
          )
        }
      },
    ),
  )
})

test('flags take the width that they need', () => {
  const columns = { ...emptyHot(1), length: 1 }
  const widthOf = (bit: number) => {
    columns.flags.fill(0)
    columns.flags[bit >>> 5] = 1 << (bit & 31)
    return encodeHot(columns, 0, 1)[3]
  }
  expect([0, 7, 8, 15, 16, 31, 32, 63, 64, 127].map(widthOf)).toEqual([1, 1, 2, 2, 4, 4, 8, 8, 16, 16])
})

describe('what was not packed is refused', () => {
  const good = encodeHot(columnsOf(0, [], []), 0, 0)
  test.each([
    ['nothing', []],
    ['another format', [9, ...good.slice(1)]],
    ['another width of flags', [1, 1, 6, 3]],
    ['half an entry', [...good, 1, 2, 3]],
  ])('%s', (_, octets) => {
    expect(() => decodeHot(0, Uint8Array.from(octets), emptyHot(0), 0)).toThrow(/cannot be read/)
  })
})

test('50,000 entries are read in a few milliseconds', () => {
  const offsets = Array.from({ length: CHUNK_SIZE }, (_, n) => n)
  const one: Entry = {
    modseq: 5e9,
    flags: [255, 0, 0, 0],
    seconds: 1,
    zone: 1,
    saved: 1,
    size: 1,
    content: 1,
    attachments: 0,
  }
  const hot = encodeHot(columnsOf(0, offsets, Array(CHUNK_SIZE).fill(one)), 0, CHUNK_SIZE)
  const into = emptyHot(391 * CHUNK_SIZE)
  const times = Array.from({ length: 9 }, () => {
    const began = performance.now()
    for (let number = 0, at = 0; number < 391; number++) at = decodeHot(number, hot, into, at)
    return performance.now() - began
  })
  // Measured 0.5 ms; the limit leaves room for a busy machine.
  expect(times.toSorted((a, b) => a - b)[4]).toBeLessThan(10)
})
