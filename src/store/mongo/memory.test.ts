// What is remembered of accounts stays small, and never goes back to what was before.

import { expect, test } from 'vitest'
import { Memory } from './memory.js'

const chunk = (number: number, hot: Uint8Array) =>
  ({ collection: 'chunks', document: { _id: String(number).padStart(3, '0'), hot } }) as const

test('octets of a long answer do not keep the whole of it', () => {
  const memory = new Memory()
  const answer = new Uint8Array(1_000_000).fill(7)
  memory.remember(1, [chunk(1, answer.subarray(10, 20))], [])
  const [kept] = memory.recall(1)
  const hot = kept?.document['hot'] as Uint8Array
  expect([...hot]).toEqual(new Array(10).fill(7))
  expect(hot.buffer.byteLength).toBe(10)
})

test('what changed is not remembered as it was, also where more changed than is remembered', () => {
  const memory = new Memory()
  memory.remember(1, [chunk(1, Uint8Array.of(1))], [])
  const changed = Array.from({ length: 100 }, (_, n) => chunk(n, Uint8Array.of(2)))
  memory.remember(1, changed, [])
  const kept = memory.recall(1).map(({ document }) => document)
  expect(kept.length).toBeLessThan(20)
  for (const { hot } of kept) expect(hot).toEqual(Uint8Array.of(2))
  expect(kept.at(-1)?._id).toBe('099')
})
