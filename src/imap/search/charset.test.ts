// The charsets of SEARCH (RFC 3501 §6.4.4), octet by octet.
import { expect, test } from 'vitest'
import { decoderOf } from './charset.js'

const decoded = (charset: string, ...octets: number[]): string => decoderOf(charset)(Buffer.from(octets))

test.each([
  ['windows-1252', [0x80, 0x93, 0x94], '€“”'],
  ['ISO-8859-1', [0x80, 0xe9], '€é'],
  ['KOI8-R', [0xc1], 'а'],
  ['UTF-7', [...Buffer.from('+IKw-')], '€'],
])('%s is read as in messages', (charset, octets, text) => {
  expect(decoded(charset, ...octets)).toBe(text)
})

test.each(['US-ASCII', 'UTF-8'])('%s is UTF-8; octets that are none are U+FFFD', (charset) => {
  expect(decoded(charset, 0xe2, 0x82, 0xac, 0x80)).toBe('€\ufffd')
})

test('a charset that is not known is answered with those that are offered', () => {
  expect(() => decoderOf('klingon')).toThrow(
    expect.objectContaining({ code: expect.stringMatching(/^BADCHARSET \(US-ASCII UTF-8 .*\)$/) }),
  )
})
