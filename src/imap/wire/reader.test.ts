// The reader, production by production (RFC 3501 §9), and any octets at all.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { octetsInUse } from '../../../test/support/collect-garbage.js'
import { formatNumbers } from '../../model/number-set.js'
import { Reader } from './reader.js'
import { ResponseWriter } from './response-writer.js'
import { resolveSequenceSet, STAR } from './sequence-set.js'
import { SyntaxProblem } from './syntax-error.js'

const read = (text: string) => new Reader(Buffer.from(text, 'latin1'))
const RUNS = Number(process.env['FUZZ_RUNS'] ?? 2000)
/** Octets, however many runs: nothing of what was read is kept, as a full run (FUZZ_RUNS=100000) shows. */
const MAX_GROWTH = 2 << 20

test('a command is read production by production', () => {
  const reader = read('a1 FETCH 1:*,7 (FLAGS)')
  expect(reader.expectTag()).toBe('a1')
  reader.expectSpace()
  expect(reader.expectWord('command')).toBe('FETCH')
  reader.expectSpace()
  expect(reader.expectSequenceSet()).toEqual([
    { from: 1, to: STAR },
    { from: 7, to: 7 },
  ])
  reader.expectSpace()
  expect(reader.expectList(() => reader.expectAtom(), { what: 'items' })).toEqual(['FLAGS'])
  reader.expectEnd()
})

test.each([
  ['"a \\"b\\" \\\\"', 'a "b" \\'],
  ['{5}\r\nhello', 'hello'],
  ['{5+}\r\nhello', 'hello'],
  ['{0}\r\n', ''],
  ['atom]', 'atom]'],
  ['""', ''],
])('astring %j', (wire, text) => {
  const reader = read(wire)
  expect(reader.expectAstring()).toBe(text)
  reader.expectEnd()
})

test.each([
  '"open',
  '"bad \\x escape"',
  '"cr \r"',
  '"lf \n"',
  '"nul \0"',
  '{5}\r\nabc',
  '{-1}\r\n',
  '{9223372036854775808}\r\nabc',
  '{1}\r\n\0',
  '(',
  '\\',
  '',
  '%',
])('no astring: %j', (wire) => expect(() => read(wire).expectAstring()).toThrow(SyntaxProblem))

test.each(['0', '4294967296', '99999999999999999999', '1:', ':1', ',', '1,,2', '-1', '*:0', 'a'])(
  'no sequence-set: %s',
  (wire) =>
    expect(() => {
      const reader = read(wire)
      reader.expectSequenceSet()
      reader.expectEnd()
    }).toThrow(SyntaxProblem),
)

test('NIL is no string, and "NIL" is one', () => {
  expect(read('nil').expectNstring()).toBeNull()
  expect(read('"NIL"').expectNstring()).toBe('NIL')
})

test('flags: keywords and system flags, never \\Recent', () => {
  expect(read('(\\Seen $Forwarded NIL)').expectFlagList()).toEqual(['\\Seen', '$Forwarded', 'NIL'])
  expect(read('()').expectFlagList()).toEqual([])
  expect(read('\\Seen \\Deleted').expectFlags()).toEqual(['\\Seen', '\\Deleted'])
  expect(() => read('(\\Recent)').expectFlagList()).toThrow(SyntaxProblem)
  expect(() => read('()').expectList(() => '', { what: 'items' })).not.toThrow(TypeError)
})

test('nesting ends at its limit, not at the end of the stack', () => {
  const reader = read('('.repeat(10_000))
  const nest = (): string[] => reader.expectList(() => nest().join(), { what: 'lists' })
  expect(nest).toThrow(/less nesting/)
})

test('a set means ranges among the numbers that there are', () => {
  const resolved = (text: string, largest: number) =>
    resolveSequenceSet(read(text).expectSequenceSet(), largest)
  expect(resolved('5:3,1', 9)).toEqual([
    { from: 1, to: 1 },
    { from: 3, to: 5 },
  ])
  expect(resolved('100:*', 50)).toEqual([{ from: 50, to: 100 }])
  expect(resolved('1:3,2:8,9', 50)).toEqual([{ from: 1, to: 9 }])
  expect(resolved('*', 50)).toEqual([{ from: 50, to: 50 }])
})

test('sets: what is written is read back', () => {
  fc.assert(
    fc.property(fc.uniqueArray(fc.integer({ min: 1, max: 500 }), { minLength: 1 }), (numbers) => {
      const sorted = numbers.toSorted((a, b) => a - b)
      const ranges = resolveSequenceSet(read(formatNumbers(sorted)).expectSequenceSet(), 500)
      const back = ranges.flatMap(({ from, to }) =>
        Array.from({ length: to - from + 1 }, (_, at) => from + at),
      )
      expect(back).toEqual(sorted)
    }),
  )
})

test('strings: what the writer writes the reader reads', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string({ maxLength: 3000 }), fc.string({ unit: 'binary' })), (text) => {
      fc.pre(!text.includes('\0'))
      const wire = Buffer.concat(new ResponseWriter().string(text).take())
      const reader = new Reader(wire)
      expect(reader.expectString().toString()).toBe(text)
      reader.expectEnd()
    }),
  )
})

test('whatever comes, the reader answers or refuses with a SyntaxProblem', () => {
  const pieces = fc.constantFrom(
    ...[
      'a',
      ' ',
      '(',
      ')',
      '"',
      '\\',
      '{3}\r\n',
      '{3+}\r\n',
      '*',
      ':',
      ',',
      '1',
      '4294967296',
      '\0',
      '\r',
      '\n',
    ],
    ...['[', ']', '%', 'NIL', '\\Seen', '"1-Jan-2020"', '\x80', '<0.5>'],
  )
  const wire = fc.array(pieces, { maxLength: 40 }).map((parts) => Buffer.from(parts.join(''), 'latin1'))
  const productions = fc.array(
    fc.constantFrom<(reader: Reader) => unknown>(
      (reader) => reader.expectAstring(),
      (reader) => reader.expectNstring(),
      (reader) => reader.expectSequenceSet(),
      (reader) => reader.expectFlags(),
      (reader) => reader.expectList(() => reader.expectAtom(), { what: 'atoms' }),
      (reader) => reader.expectDate(),
      (reader) => reader.expectDateTime(),
      (reader) => reader.expectListMailbox(),
      (reader) => reader.takeSpace(),
      (reader) => reader.expectNumber(),
    ),
    { minLength: 1, maxLength: 6 },
  )
  const before = octetsInUse()
  fc.assert(
    fc.property(wire, productions, (octets, reads) => {
      const reader = new Reader(octets)
      try {
        for (const production of reads) production(reader)
      } catch (error) {
        expect(error).toBeInstanceOf(SyntaxProblem)
      }
      expect(reader.position).toBeLessThanOrEqual(octets.length)
    }),
    { numRuns: RUNS },
  )
  expect(octetsInUse() - before).toBeLessThan(MAX_GROWTH)
})
