// The line of mutations that wait for a transaction, while there is none.

import { expect, test } from 'vitest'
import type { Mutation } from './unit.js'
import { WaitingLine } from './waiting.js'

const nothing: Mutation<unknown> = { name: 'nothing', accounts: [1], run: async () => {} }

test('who has been told that it took too long is in the line no more, also where he had been taken from it', async () => {
  const due: number[] = []
  const line = new WaitingLine(Number.POSITIVE_INFINITY, () => due.push(line.length))
  const asked = () => new Promise((resolve, reject) => line.add(nothing, resolve, reject, 1))
  const first = asked()
  const taken = line.take()
  const second = asked()
  expect(line.length).toBe(1)
  for (const one of [first, second]) await expect(one).rejects.toMatchObject({ code: 'unavailable' })
  expect(line.length).toBe(0)
  expect(due).toEqual([0])
  line.again(taken, 0)
  expect(line.length).toBe(0)
})
