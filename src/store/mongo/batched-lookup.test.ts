// Lookups go together without any of them being answered by what was read before it was asked.

import { expect, test } from 'vitest'
import { BatchedLookup } from './batched-lookup.js'

interface Found {
  readonly _id: string
  readonly at: number
}

/** Commands as they are given; each is answered when the test says so. */
function commands() {
  const given: { keys: readonly string[]; answer(): void; fail(error: Error): void }[] = []
  const lookup = new BatchedLookup<Found>(
    (keys) =>
      new Promise((resolve, reject) => {
        const at = given.length
        const found = keys.filter((key) => key !== 'nobody').map((_id) => ({ _id, at }))
        given.push({ keys, answer: () => resolve(found), fail: reject })
      }),
  )
  return { given, lookup, keys: () => given.map(({ keys }) => [...keys]) }
}

/** Until what is due in this turn has been done. */
const turn = () => new Promise((resolve) => setImmediate(resolve))

test('what is asked for in one turn goes together, and each is answered with its own', async () => {
  const { given, lookup, keys } = commands()
  const asked = Promise.all(['a', 'b', 'nobody', 'a'].map((key) => lookup.find(key)))
  await turn()
  expect(keys()).toEqual([['a', 'b', 'nobody']])
  given[0]?.answer()
  expect(await asked).toEqual([{ _id: 'a', at: 0 }, { _id: 'b', at: 0 }, undefined, { _id: 'a', at: 0 }])
})

test('what is asked for while a command is under way is answered by the next one, also of the same key', async () => {
  const { given, lookup, keys } = commands()
  const first = lookup.find('a')
  await turn()
  const later = Promise.all([lookup.find('a'), lookup.find('b')])
  await turn()
  expect(keys()).toEqual([['a']])
  given[0]?.answer()
  expect(await first).toEqual({ _id: 'a', at: 0 })
  await turn()
  expect(keys()).toEqual([['a'], ['a', 'b']])
  given[1]?.answer()
  expect((await later).map((found) => found?.at)).toEqual([1, 1])
})

test('a command that fails fails those who asked, and nobody after them', async () => {
  const { given, lookup } = commands()
  const asked = Promise.allSettled([lookup.find('a'), lookup.find('b')])
  await turn()
  given[0]?.fail(new Error('away'))
  expect((await asked).map(({ status }) => status)).toEqual(['rejected', 'rejected'])
  const next = lookup.find('a')
  await turn()
  given[1]?.answer()
  expect(await next).toEqual({ _id: 'a', at: 1 })
})

test('nobody waits for a command that takes long but those who asked by it', async () => {
  const { given, lookup, keys } = commands()
  const late = lookup.find('a')
  await turn()
  const next = lookup.find('b')
  await expect.poll(keys).toEqual([['a'], ['b']])
  given[1]?.answer()
  expect(await next).toEqual({ _id: 'b', at: 1 })
  given[0]?.fail(new Error('away'))
  await expect(late).rejects.toThrow('away')
})

test('a command asks for 64 at the most', async () => {
  const { given, lookup, keys } = commands()
  const asked = Promise.all(Array.from({ length: 100 }, (_, at) => lookup.find(`${at}`)))
  await turn()
  given[0]?.answer()
  await turn()
  expect(keys().map(({ length }) => length)).toEqual([64, 36])
  given[1]?.answer()
  expect((await asked).filter((found) => found !== undefined)).toHaveLength(100)
})
