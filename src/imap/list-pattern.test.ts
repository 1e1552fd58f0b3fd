// The patterns of LIST (RFC 3501 §6.3.8), held against a regular expression.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { listPattern } from './list-pattern.js'

test.each([
  ['*', 'a/b/c', true],
  ['%', 'a', true],
  ['%', 'a/b', false],
  ['a/%', 'a/b', true],
  ['a/%', 'a/b/c', false],
  ['a*c', 'a/b/c', true],
  ['%/%', 'a/b', true],
  ['inbox', 'INBOX', true],
  ['InBox/%', 'INBOX/x', true],
  ['in*', 'INBOX', false],
  // The dotless i, whose capital is ASCII's.
  ['&ATE-nbox', 'INBOX', false],
  ['&ATE-nbox', '\u0131nbox', true],
  ['Entw&APw-*', 'Entwürfe', true],
  ['&AGE-', 'a', false],
  ['a%%%**%b', 'a/x/b', true],
  ['', '', true],
])('%s and %s: %s', (pattern, path, matches) => expect(listPattern(pattern)(path)).toBe(matches))

test('as a regular expression would have it', () => {
  const pattern = fc.string({ unit: fc.constantFrom(...'ab/%*'), maxLength: 10 })
  const path = fc.string({ unit: fc.constantFrom(...'ab/'), maxLength: 12 })
  fc.assert(
    fc.property(pattern, path, (wire, name) => {
      const expression = new RegExp(`^${wire.replace(/[%*]/g, (wild) => (wild === '*' ? '.*' : '[^/]*'))}$`)
      expect(listPattern(wire)(name)).toBe(expression.test(name))
    }),
    { numRuns: 2000 },
  )
})
