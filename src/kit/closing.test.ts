import { expect, test } from 'vitest'
import { closeAll } from './closing.js'

test('all is closed once, from the end, whatever cannot be', async () => {
  const closed: number[] = []
  const errors: unknown[] = []
  const closing = [
    () => closed.push(1),
    () => Promise.reject(new Error('not 2')),
    async () => closed.push(3),
    () => {
      throw new Error('not 4')
    },
    () => closed.push(5),
  ]
  await closeAll(closing, (error) => errors.push(error))
  await closeAll(closing, (error) => errors.push(error))
  expect(closed).toEqual([5, 3, 1])
  expect(errors).toEqual([new Error('not 4'), new Error('not 2')])
})
