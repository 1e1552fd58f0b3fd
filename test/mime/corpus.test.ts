// Every message of the corpus: whatever the pieces in which it arrives the result is the same, and the source comes
// back byte for byte, as a whole and in ranges.
import { isDeepStrictEqual } from 'node:util'
import { describe, expect, test } from 'vitest'
import { corpusIsThere, readCorpus } from '../support/corpus.js'
import { parse, parseIn, rebuild } from '../support/parsing.js'

const CHUNKINGS = [[7, 1, 64], [1000], [65_536]]
/** So small that bodies of the corpus are cut, and skeletons spill. */
const SMALL = { cutAt: 600, spillAt: 2_000, header: 3_000 }

describe.skipIf(!corpusIsThere)('the corpus', () => {
  test('comes back byte for byte, however it arrived', async () => {
    const messages = readCorpus()
    expect(messages.length).toBe(595)
    let cut = 0
    for (const { name, source } of messages) {
      for (const limits of [{}, SMALL]) {
        const whole = await parseIn(source, [source.length + 1], limits)
        expect(rebuild(whole).equals(source), name).toBe(true)
        cut += whole.message.cuts.length
        for (const sizes of source.length < 5_000 ? [[1], ...CHUNKINGS] : CHUNKINGS) {
          const parsed = await parseIn(source, sizes, limits)
          expect(isDeepStrictEqual(parsed.message, whole.message), `${name} in pieces of ${sizes}`).toBe(true)
        }
      }
    }
    expect(cut).toBeGreaterThan(400)
  })

  test('is the same tree with and without cuts', async () => {
    for (const { name, source } of readCorpus()) {
      const cut = await parseIn(source, [5000], { cutAt: 600 })
      const whole = parse(source)
      expect(cut.message.root, name).toEqual(whole.root)
      expect(cut.message.summary, name).toEqual(whole.summary)
      expect(cut.message.text, name).toEqual(whole.text)
    }
  })
})
