// Which flags a table names.

import { expect, test } from 'vitest'
import { FLAG_WORDS, type FlagTable, namesAll, SYSTEM_FLAGS } from './flags.js'

/** Words of entries, each with these bits. */
const words = (...entries: number[][]): Uint32Array => {
  const all = new Uint32Array(entries.length * FLAG_WORDS)
  entries.forEach((bits, at) => {
    for (const bit of bits) {
      const word = at * FLAG_WORDS + (bit >>> 5)
      all[word] = (all[word] ?? 0) | (1 << (bit & 31))
    }
  })
  return all
}

test('a table names all flags of the entries, or one of them has a bit that it does not know', () => {
  const table: (string | undefined)[] = [...SYSTEM_FLAGS]
  table[8] = '$Work'
  table[127] = '$Last'
  const known: FlagTable = Array.from(table)
  expect(namesAll(known, words())).toBe(true)
  expect(namesAll(known, words([], [0, 4], [8, 127]))).toBe(true)
  // Bit 31 and 127 are the signs of their words.
  for (const unknown of [5, 9, 31, 32, 63, 126])
    expect(namesAll(known, words([], [0, 8, 127], [unknown])), `bit ${unknown}`).toBe(false)
  expect(namesAll([...SYSTEM_FLAGS], words([127]))).toBe(false)
})
