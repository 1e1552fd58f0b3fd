// Folding against what Unicode says of case: every pair of upper and lower case meets, and folding is stable.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { foldCase } from './fold.js'

test.each([
  ['ANDRIS', 'andris'],
  ['АНДРИС', 'андрис'],
  ['STRASSE', 'straße'],
  ['STRAẞE', 'strasse'],
  ['ΟΔΟΣ', 'οδος'],
  ['ΟΔΟΣ', 'οδοσ'],
  ['Å', 'A\u030a'],
  ['\u212b', 'å'],
  ['\u0130', 'i\u0307'],
])('%s is %s', (one, other) => expect(foldCase(one)).toBe(foldCase(other)))

test.each([
  ['kırık', 'kirik'],
  ['résumé', 'resume'],
  ['a.b', 'ab'],
  ['²', '2'],
])('%s is not %s', (one, other) => expect(foldCase(one)).not.toBe(foldCase(other)))

test('every code point meets its own upper and lower case', () => {
  const apart: string[] = []
  for (let code = 0; code <= 0x10ffff; code++) {
    if ((code >= 0xd800 && code <= 0xdfff) || code === 0x131) continue
    const character = String.fromCodePoint(code)
    const folded = foldCase(character)
    const met = foldCase(character.toUpperCase()) === folded && foldCase(character.toLowerCase()) === folded
    if (!met) apart.push(code.toString(16))
  }
  expect(apart).toEqual([])
})

test('what is folded stays as it is', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      expect(foldCase(foldCase(text))).toBe(foldCase(text))
    }),
    { numRuns: 2000 },
  )
})

test('a text is folded as its code points are, whatever stands around them', () => {
  const letters = fc.constantFrom(...'aAßẞSsσςΣ.\u0131IiİαΑΐŉǰﬀև\u0307\u0301\u0345𐐀𐐨Ǆ\u00ad’ ')
  const alone = (character: string) =>
    character === '\u0131' ? character : character.toLowerCase().toUpperCase().toLowerCase()
  fc.assert(
    fc.property(fc.string({ unit: letters, maxLength: 12 }), (text) => {
      const expected = Array.from(text.normalize('NFD'), alone).join('').normalize('NFC')
      expect(foldCase(text)).toBe(expected)
    }),
    { numRuns: 5000 },
  )
})
