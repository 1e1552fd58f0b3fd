// Modified UTF-7, RFC 3501 §5.1.3: every name has one spelling, and comes back as it was.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { decodeModifiedUtf7, encodeModifiedUtf7 } from './modified-utf7.js'

test.each([
  ['~peter/mail/台北/日本語', '~peter/mail/&U,BTFw-/&ZeVnLIqe-'],
  ['Entwürfe', 'Entw&APw-rfe'],
  ['R&D', 'R&-D'],
  ['pöä', 'p&APYA5A-'],
  ['😀', '&2D3eAA-'],
  ['', ''],
])('%s is %s', (text, wire) => {
  expect(encodeModifiedUtf7(text)).toBe(wire)
  expect(decodeModifiedUtf7(wire)).toBe(text)
})

test.each([
  ['&', 'an open shift'],
  ['a&b', 'an open shift'],
  ['&AGE-', 'ASCII in a shift'],
  ['&U,BTFw-&ZeVnLIqe-', 'two shifts in a row'],
  ['&A-', 'half a character'],
  ['&APx-', 'unused bits set'],
  ['&2D0-', 'half a surrogate pair'],
  ['ü', '8-bit'],
  ['a\tb', 'a control character'],
])('%s is no name: %s', (wire) => expect(decodeModifiedUtf7(wire)).toBeUndefined())

test('what is encoded comes back', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      fc.pre(!/\p{Surrogate}/u.test(text) && !/[\u0000-\u001f\u007f]/.test(text))
      expect(decodeModifiedUtf7(encodeModifiedUtf7(text))).toBe(text)
    }),
  )
})

test('what can be decoded is encoded to the same octets', () => {
  const wire = fc.string({ unit: fc.constantFrom(...'ab&-,+/AZ09 U') })
  fc.assert(
    fc.property(wire, (text) => {
      const decoded = decodeModifiedUtf7(text)
      if (decoded !== undefined) expect(encodeModifiedUtf7(decoded)).toBe(text)
    }),
  )
})
