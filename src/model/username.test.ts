// User names: which there can be, and which are the same.
import { expect, test } from 'vitest'
import { addressKey, parseAddress } from './address.js'
import { parseUsername } from './username.js'

const key = (text: string): string => {
  const name = parseUsername(text)
  return 'problem' in name ? `problem: ${name.problem}` : name.key
}

test.each([
  ['testuser', 'testuser'],
  ['TestUser', 'testuser'],
  ['Андрис', 'андрис'],
  ['STRASSE', 'straße'],
  ['e\u0301va', 'éva'],
  ['first.last-2_x', 'FIRST.LAST-2_X'],
  ['user@Example.COM', 'USER@example.com'],
  ['андрис@уайлддак.орг', 'андрис@xn--80aalaxjd5d.xn--c1avg'],
])('%s and %s are one', (one, other) => {
  expect(key(one)).not.toContain('problem')
  expect(key(one)).toBe(key(other))
})

test('any address of an account is a name of it, however long an address may be', () => {
  const address = `${'a'.repeat(64)}@${`${'d'.repeat(63)}.`.repeat(3)}${'e'.repeat(43)}`
  expect(key(address)).toBe(address)
})

test('a user name that is an address has the key of that address', () => {
  const address = parseAddress('User@example.com')
  if ('problem' in address) throw new Error(address.problem)
  expect(key('USER@example.COM')).toBe(addressKey(address))
})

test.each([
  ['', 'empty'],
  ['a b', 'character that no user name has'],
  ['.a', 'character that no user name has'],
  ['a.', 'character that no user name has'],
  ['a/b', 'character that no user name has'],
  ['a\u0000', 'character that no user name has'],
  ['ﬁ', 'character that no user name has'],
  ['ｕｓｅｒ', 'character that no user name has'],
  ["'; DROP TABLE accounts; --", 'character that no user name has'],
  ['user@', 'address'],
  ['user+label@example.com', 'address'],
  ['a@b@c', 'address'],
  ['x'.repeat(257), 'too long'],
  [`${'x'.repeat(310)}@example.com`, 'address'],
])('no user name: %j (%s)', (text, problem) => expect(parseUsername(text)).toEqual({ problem }))
