// HEADER.FIELDS of a header that comes in any pieces (RFC 3501 §6.4.5).
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { eachField } from './header-fields.js'
import { HeaderFilter } from './header-filter.js'

function filter(
  header: Buffer,
  names: readonly string[],
  not: boolean,
  cuts: readonly number[] = [],
): string {
  const headerFilter = new HeaderFilter(names, not)
  const kept: Buffer[] = []
  let at = 0
  for (const cut of [...cuts].sort((a, b) => a - b)) {
    kept.push(...headerFilter.push(header.subarray(at, Math.max(at, cut))))
    at = Math.max(at, cut)
  }
  kept.push(...headerFilter.push(header.subarray(at)), ...headerFilter.end())
  return Buffer.concat(kept).toString('latin1')
}

const HEADER = Buffer.from('Subject: a\r\n b\r\nto: x\r\nno field\r\nSUBJECT : c\r\n\r\n')

test.each<[string, string[], boolean, string]>([
  [HEADER.toString(), ['subject'], false, 'Subject: a\r\n b\r\nSUBJECT : c\r\n\r\n'],
  [HEADER.toString(), ['SUBJECT'], true, 'to: x\r\nno field\r\n\r\n'],
  [HEADER.toString(), ['x'], false, '\r\n'],
  ['Subject: x\nTo: y\n\n', ['to'], false, 'To: y\n\n'],
  ['Subject: x', ['to'], false, ''],
  ['Subject', ['subject'], false, ''],
  ['Subject', ['subject'], true, 'Subject'],
  [' to: x\r\nTo: y\r\n', ['to'], false, 'To: y\r\n'],
  [`To: x\r\n${'y'.repeat(5_000)}: z\r\n\r\n`, ['to'], true, `${'y'.repeat(5_000)}: z\r\n\r\n`],
])('of %j, %j, not %s', (header, names, not, expected) => {
  for (let cut = 0; cut <= header.length; cut += Math.ceil(header.length / 70))
    expect(filter(Buffer.from(header), names, not, [cut])).toBe(expected)
})

/** Field by field, with all of it at hand. */
function plainly(header: string, wanted: string, not: boolean): string {
  const end = header.length - (/(?:^|\n)(\r?\n)$/.exec(header)?.[1]?.length ?? 0)
  let kept = ''
  let at = 0
  eachField(header, (start, nameEnd, _, fieldEnd) => {
    if (not) kept += header.slice(at, start)
    if ((header.slice(start, nameEnd).toLowerCase() === wanted) !== not) kept += header.slice(start, fieldEnd)
    at = fieldEnd
  })
  if (not && at < end) kept += header.slice(at, end)
  return kept + header.slice(end)
}

const LINES = [
  'To: a\r\n',
  'to:b\n',
  'TO \t:\r\n',
  ' fold: x\r\n',
  '\t\r\n',
  'no field\r\n',
  'Cc: d\r\n',
  ': e\r\n',
  'x\r:\r\n',
]

test('any header in any pieces', () => {
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom(...LINES)),
      fc.constantFrom('', '\r\n', '\n', 'To: last', 'Cc'),
      fc.boolean(),
      fc.array(fc.nat(120)),
      (lines, last, not, cuts) => {
        const header = lines.join('') + last
        expect(filter(Buffer.from(header), ['To'], not, cuts)).toBe(plainly(header, 'to', not))
      },
    ),
    { numRuns: 3_000 },
  )
})
