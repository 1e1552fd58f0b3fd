import { setImmediate as turn } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { readAhead } from './read-ahead.js'

test('everything comes in its order, and so many more are under way meanwhile', async () => {
  const begun: number[] = []
  const read = async (item: number): Promise<number> => {
    begun.push(item)
    // The earlier it was asked for, the later it answers.
    for (let turns = 10 - item; turns > 0; turns--) await turn()
    return item
  }
  const told: number[] = []
  for await (const item of readAhead([0, 1, 2, 3, 4, 5], 2, read)) {
    told.push(item)
    expect(begun.length).toBe(Math.min(item + 3, 6))
  }
  expect(told).toEqual([0, 1, 2, 3, 4, 5])
})

test('what fails is thrown in its turn, and nothing that nobody waits for any more ends the process', async () => {
  const read = async (item: number): Promise<number> => {
    if (item > 0) throw new Error(`item ${item}`)
    return item
  }
  const told: number[] = []
  const listen = async () => {
    for await (const item of readAhead([0, 1, 2, 3], 2, read)) told.push(item)
  }
  await expect(listen()).rejects.toThrow('item 1')
  expect(told).toEqual([0])
  // An unhandled rejection would fail the run.
  await turn()
})
