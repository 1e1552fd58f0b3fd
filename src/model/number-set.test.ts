// Number sets say the same as a plain Set of their members.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { formatNumbers, inNumberSet, numberSet, pickFromSet } from './number-set.js'

const ranges = fc.array(
  fc.record({ from: fc.integer({ min: 1, max: 60 }), to: fc.integer({ min: 1, max: 60 }) }),
  { maxLength: 8 },
)

const members = (list: readonly { from: number; to: number }[]): Set<number> => {
  const set = new Set<number>()
  for (const { from, to } of list) for (let n = Math.min(from, to); n <= Math.max(from, to); n++) set.add(n)
  return set
}

test('membership, picking and formatting agree with a plain set', () => {
  fc.assert(
    fc.property(ranges, fc.uniqueArray(fc.integer({ min: 1, max: 60 })), (given, some) => {
      const set = numberSet(given)
      const plain = members(given)
      for (let n = 0; n <= 61; n++) expect(inNumberSet(set, n)).toBe(plain.has(n))
      const list = Uint32Array.from(some.sort((a, b) => a - b))
      expect([...pickFromSet(list, set)]).toEqual([...list].filter((n) => plain.has(n)))
      const text = formatNumbers(list)
      const back = text === '' ? [] : text.split(',').map((part) => part.split(':').map(Number))
      expect([...members(back.map(([from = 0, to = from]) => ({ from, to })))]).toEqual([...list])
    }),
  )
})
