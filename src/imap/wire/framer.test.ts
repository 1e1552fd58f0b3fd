// Commands out of octets, however they arrive (RFC 3501 §2.2.1, §4.3; RFC 7888).
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { octetsInUse } from '../../../test/support/collect-garbage.js'
import { type Frame, Framer, MAX_LINE } from './framer.js'

const RUNS = Number(process.env['FUZZ_RUNS'] ?? 2000)
/** Octets, however many runs: nothing of what was read is kept, as a full run (FUZZ_RUNS=100000) shows. */
const MAX_GROWTH = 2 << 20

/** All frames of a stream; literals up to `keep` octets are kept, others refused or discarded. */
function frames(chunks: readonly Buffer[], keep = 100): string[] {
  const framer = new Framer()
  const seen: string[] = []
  const note = (frame: Frame) => {
    if (frame.kind === 'literal') {
      if (frame.size <= keep) framer.keepLiteral()
      else if (frame.synchronising) framer.refuseLiteral()
      else framer.discard()
      if (frame.size > keep) seen.push(`${frame.synchronising ? 'refused' : 'discarding'} ${frame.size}`)
    } else if (frame.kind === 'command') {
      seen.push(`${frame.bareLineFeed ? 'bare ' : ''}${frame.octets.toString('latin1')}`)
    } else seen.push(frame.kind)
  }
  for (const chunk of chunks) {
    framer.push(chunk)
    for (let frame = framer.pull(); frame !== undefined; frame = framer.pull()) note(frame)
  }
  return seen
}

const whole = (text: string) => [Buffer.from(text, 'latin1')]
const octetByOctet = (text: string) => Array.from(Buffer.from(text, 'latin1'), (octet) => Buffer.of(octet))

test.each([
  ['a NOOP\r\nb NOOP\r\n', ['a NOOP', 'b NOOP']],
  ['a LOGIN {3}\r\nx\r\n {2+}\r\nyz\r\nb NOOP\r\n', ['a LOGIN {3}\r\nx\r\n {2+}\r\nyz', 'b NOOP']],
  ['a X {0}\r\n\r\n', ['a X {0}\r\n']],
  ['a NOOP\nb NOOP\r\n', ['bare a NOOP', 'b NOOP']],
  ['a X {9000}\r\nb NOOP\r\n', ['refused 9000', 'b NOOP']],
  [`a X {101+}\r\n${'y'.repeat(101)} tail\r\nb NOOP\r\n`, ['discarding 101', 'discarded', 'b NOOP']],
  [`a X {101+}\r\n${'y'.repeat(101)} {3+}\r\nb\r\n\r\nc NOOP\r\n`, ['discarding 101', 'discarded', 'c NOOP']],
  ['a X {9223372036854775808}\r\nb NOOP\r\n', ['refused 9223372036854776000', 'b NOOP']],
  ['a X {-1}\r\n', ['a X {-1}']],
  ['a "\r"\r\n', ['a "\r"']],
  ['\r\n', ['']],
])('%j', (text, expected) => {
  expect(frames(whole(text))).toEqual(expected)
  expect(frames(octetByOctet(text))).toEqual(expected)
})

test('a line that is too long is skipped, not held', () => {
  const framer = new Framer()
  const chunk = Buffer.alloc(16_384, 0x61)
  const kinds: string[] = []
  for (let at = 0; at < 640; at++) {
    framer.push(chunk)
    for (let frame = framer.pull(); frame !== undefined; frame = framer.pull()) kinds.push(frame.kind)
    expect(framer.queued).toBeLessThanOrEqual(MAX_LINE)
  }
  framer.push(Buffer.from('\r\nb NOOP\r\n'))
  for (let frame = framer.pull(); frame !== undefined; frame = framer.pull()) kinds.push(frame.kind)
  expect(kinds).toEqual(['overflow', 'discarded', 'command'])
})

test('too many literals in one command overflow', () => {
  const seen = frames(whole(`a X ${'{1+}\r\nx'.repeat(2000)}\r\nb NOOP\r\n`))
  expect(seen).toEqual(['overflow', 'discarded', 'b NOOP'])
})

test('a streamed literal never stands in the framer', () => {
  const framer = new Framer()
  framer.push(Buffer.from('a APPEND x {6}\r\nabc'))
  expect(framer.pull()).toMatchObject({ kind: 'literal', size: 6, synchronising: true })
  framer.streamLiteral()
  expect(framer.pullLiteral().toString()).toBe('abc')
  expect(framer.pull()).toBeUndefined()
  framer.push(Buffer.from('def\r\nb NOOP\r\n'))
  expect(framer.pullLiteral().toString()).toBe('def')
  expect(framer.literalLeft).toBe(0)
  expect(framer.pull()).toMatchObject({ kind: 'command', octets: Buffer.from('') })
  expect(framer.pull()).toMatchObject({ kind: 'command', octets: Buffer.from('b NOOP') })
})

test('the answer to a continuation is a line, whatever it ends in', () => {
  const framer = new Framer()
  framer.push(Buffer.from('abc {3}\r\nDONE\r\n'))
  expect(framer.pullLine()).toMatchObject({ octets: Buffer.from('abc {3}') })
  expect(framer.pullLine()).toMatchObject({ octets: Buffer.from('DONE') })
})

test('how octets are cut into chunks makes no difference', () => {
  const pieces = fc.constantFrom(
    'a',
    ' ',
    '\r\n',
    '\n',
    '\r',
    '{2}\r\n',
    '{3+}\r\n',
    '{200+}\r\n',
    '{200}\r\n',
    '"',
    'xyz',
  )
  const stream = fc.array(pieces, { maxLength: 60 }).map((parts) => Buffer.from(parts.join(''), 'latin1'))
  const before = octetsInUse()
  fc.assert(
    fc.property(stream, fc.infiniteStream(fc.integer({ min: 1, max: 9 })), (octets, sizes) => {
      const chunks: Buffer[] = []
      for (let at = 0; at < octets.length; ) {
        const size = sizes.next().value ?? 1
        chunks.push(octets.subarray(at, at + size))
        at += size
      }
      expect(frames(chunks)).toEqual(frames([octets]))
    }),
    { numRuns: RUNS },
  )
  expect(octetsInUse() - before).toBeLessThan(MAX_GROWTH)
})
