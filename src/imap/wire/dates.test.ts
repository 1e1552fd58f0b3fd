// Dates on the wire, RFC 3501 §9.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { formatDateTime, parseDate, parseDateTime } from './dates.js'

test('a date-time as the RFC shows it', () => {
  const parsed = parseDateTime('17-Jul-1996 02:44:25 -0700')
  expect(parsed).toEqual({ at: Date.UTC(1996, 6, 17, 9, 44, 25), zone: -420 })
  expect(formatDateTime(Date.UTC(1996, 6, 17, 9, 44, 25), -420)).toBe('17-Jul-1996 02:44:25 -0700')
  expect(formatDateTime(0, 0)).toBe(' 1-Jan-1970 00:00:00 +0000')
})

test.each([
  '31-Feb-2020 00:00:00 +0000',
  '1-Jan-2020 00:00:00 +0000',
  ' 1-Jan-2020 24:00:00 +0000',
  ' 1-Xyz-2020 00:00:00 +0000',
  ' 1-Jan-2020 00:00:00 GMT',
  '',
])('no date-time: %s', (text) => expect(parseDateTime(text)).toBeUndefined())

test('days are those of the calendar', () => {
  expect(parseDate('1-Jan-1970')).toBe(0)
  expect(parseDate('29-Feb-2024')).toBe(Date.UTC(2024, 1, 29) / 86_400_000)
  expect(parseDate('29-Feb-2023')).toBeUndefined()
  expect(parseDate('01-feb-1994')).toBe(Date.UTC(1994, 1, 1) / 86_400_000)
})

test('what is written is read back', () => {
  const seconds = fc.integer({ min: -62_000_000_000, max: 250_000_000_000 })
  fc.assert(
    fc.property(seconds, fc.integer({ min: -840, max: 840 }), (second, zone) => {
      const at = second * 1000
      expect(parseDateTime(formatDateTime(at, zone))).toEqual({ at, zone })
    }),
  )
})
