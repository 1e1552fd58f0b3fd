// Command lines in any chunking, and lines that are too long.

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { LineReader, TOO_LONG } from './line-reader.js'

const LIMIT = 16
const RUNS = Number(process.env['FUZZ_RUNS'] ?? 2000)

function readAll(text: string, sizes: readonly number[]): { lines: string[]; rest: string } {
  const reader = new LineReader(LIMIT)
  const octets = Buffer.from(text, 'latin1')
  const lines: string[] = []
  let at = 0
  for (let i = 0; at < octets.length; i++) {
    const size = sizes[i % sizes.length] ?? 1
    reader.push(octets.subarray(at, at + size))
    at += size
    for (let line = reader.next(); line !== undefined; line = reader.next()) {
      lines.push(line === TOO_LONG ? TOO_LONG : line.toString('latin1'))
    }
  }
  return { lines, rest: reader.takeRest().toString('latin1') }
}

describe('command lines', () => {
  it('only CRLF ends one', () => {
    expect(readAll('a\nb\rc\r\nd\r\n', [100])).toEqual({ lines: ['a\nb\rc', 'd'], rest: '' })
  })

  it('one of exactly the limit is taken, one octet more is too long', () => {
    expect(readAll(`${'x'.repeat(LIMIT - 2)}\r\n`, [100]).lines).toEqual(['x'.repeat(LIMIT - 2)])
    expect(readAll(`${'x'.repeat(LIMIT - 1)}\r\n`, [100]).lines).toEqual([TOO_LONG])
  })

  it('one that is too long is skipped to its end and the next is read', () => {
    expect(readAll(`${'x'.repeat(1000)}\r\nnext\r\n`, [7])).toEqual({ lines: [TOO_LONG, 'next'], rest: '' })
  })

  it('any octets in any chunks give the lines that stand there', () => {
    const text = fc
      .array(fc.constantFrom('\r\n', '\r', '\n', 'a', 'x'.repeat(10), 'y'.repeat(40)), { maxLength: 20 })
      .map((pieces) => pieces.join(''))
    const sizes = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 5 })
    fc.assert(
      fc.property(text, sizes, (sent, chunks) => {
        const expected = sent.split('\r\n').slice(0, -1)
        expect(readAll(sent, chunks).lines).toEqual(
          expected.map((l) => (l.length + 2 > LIMIT ? TOO_LONG : l)),
        )
      }),
      { numRuns: RUNS },
    )
  })
})
