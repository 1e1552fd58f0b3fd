// A page of chunks as it was found, where a chunk was met twice: that needs a change in the middle of a reading, so it is made here.

import { expect, test } from 'vitest'
import { pageOf, type ReadDocument } from './reading-index.js'

const found = (chunk: number, max_modseq = 5) =>
  ({ _id: `c${chunk}`, chunk, max_modseq, hot: new Uint8Array(0) }) as ReadDocument

test('a full page with a chunk that was met twice is not the last one', () => {
  const documents = Array.from({ length: 511 }, (_, n) => found(n))
  const page = pageOf([...documents, found(510, 9)])
  expect(page.complete).toBe(false)
  expect(page.chunks).toHaveLength(511)
  expect(page.chunks.at(-1)).toMatchObject({ chunk: 510, max_modseq: 9 })
  expect(pageOf(documents).complete).toBe(true)
})
