// Responses as octets (RFC 3501 §9).
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { ResponseWriter, withoutNul } from './response-writer.js'

const written = (write: (writer: ResponseWriter) => unknown): string => {
  const writer = new ResponseWriter()
  write(writer)
  return Buffer.concat(writer.take()).toString('latin1')
}

test('strings are quoted where they can be', () => {
  expect(written((writer) => writer.string('a "b" \\'))).toBe('"a \\"b\\" \\\\"')
  expect(written((writer) => writer.string('ü'))).toBe('{2}\r\n\u00c3\u00bc')
  expect(written((writer) => writer.string('a\r\nb'))).toBe('{4}\r\na\r\nb')
  expect(written((writer) => writer.astring('NIL'))).toBe('"NIL"')
  expect(written((writer) => writer.astring(''))).toBe('""')
  expect(written((writer) => writer.mailbox('Entwürfe'))).toBe('Entw&APw-rfe')
  expect(written((writer) => writer.mailbox('Sent Mail'))).toBe('"Sent Mail"')
})

test('NUL goes out as 0x80, the length unchanged', () => {
  expect(written((writer) => writer.literal(Uint8Array.of(1, 0, 2, 0)))).toBe('{4}\r\n\x01\x80\x02\x80')
  const clean = Uint8Array.of(1, 2)
  expect(withoutNul(clean)).toBe(clean)
})

test('what was written can be forgotten until it was taken', () => {
  const writer = new ResponseWriter()
  writer.text('told ')
  expect(writer.take()).toHaveLength(1)
  writer.text('kept ')
  const begun = writer.position
  expect(writer.text('forgotten').octets(new Uint8Array(20_000)).rewind(begun)).toBe(true)
  expect(String(writer.text('and more').take()[0])).toBe('kept and more')
  expect(writer.text('later').rewind(begun)).toBe(false)
})

test('numbers are decimal', () => {
  fc.assert(
    fc.property(
      fc.oneof(fc.nat(), fc.integer({ min: 0, max: 2 ** 53 - 1 }), fc.constantFrom(0, 9, 10, 4_294_967_295)),
      (value) => {
        expect(written((writer) => writer.number(value))).toBe(String(value))
      },
    ),
  )
})

test('whatever the sizes, octets come out in order', () => {
  const piece = fc.oneof(
    fc.uint8Array({ maxLength: 100 }),
    fc.integer({ min: 1000, max: 150_000 }).map((size) => new Uint8Array(size).fill(size & 255)),
  )
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
      const writer = new ResponseWriter()
      for (const octets of pieces) writer.octets(octets)
      const total = pieces.reduce((sum, octets) => sum + octets.length, 0)
      expect(writer.length).toBe(total)
      expect(Buffer.concat(writer.take()).equals(Buffer.concat(pieces))).toBe(true)
      expect(writer.length).toBe(0)
    }),
    { numRuns: 50 },
  )
})
