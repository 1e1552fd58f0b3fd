import { expect, test } from 'vitest'
import { sideBySide } from './side-by-side.js'

const turn = () => new Promise((resolve) => setImmediate(resolve))

test('all is done, no more at once than allowed', async () => {
  const done: number[] = []
  let now = 0
  let most = 0
  await sideBySide(Array(20).keys(), 3, async (item) => {
    most = Math.max(most, ++now)
    for (let turns = item % 4; turns >= 0; turns--) await turn()
    now--
    done.push(item)
  })
  expect(done.toSorted((a, b) => a - b)).toEqual([...Array(20).keys()])
  expect(most).toBe(3)
})

test('a failure ends it, after what was under way', async () => {
  const begun: number[] = []
  const ended: number[] = []
  const work = sideBySide(Array(20).keys(), 2, async (item) => {
    begun.push(item)
    if (item === 3) throw new Error('no')
    await turn()
    ended.push(item)
  })
  await expect(work).rejects.toThrow('no')
  expect(begun.length).toBeLessThan(7)
  expect(ended).toEqual(begun.filter((item) => item !== 3))
})
