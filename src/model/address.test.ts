// Addresses: which are read, which are the same, and that no text whatever makes the parser throw or wait.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { octetsInUse } from '../../test/support/collect-garbage.js'
import { type Address, addressKey, deliveryKey, parseAddress } from './address.js'

const RUNS = Number(process.env['FUZZ_RUNS'] ?? 2000)
/** Octets, however many runs: nothing of what was read is kept, as a full run (FUZZ_RUNS=100000) shows. */
const MAX_GROWTH = 2 << 20

function read(text: string): Address {
  const address = parseAddress(text)
  if ('problem' in address) throw new Error(`${text}: ${address.problem}`)
  return address
}

test.each([
  ['user@example.com', 'user@example.com'],
  ['User.Name@EXAMPLE.com', 'user.name@example.com'],
  ['андрис@уайлддак.орг', 'андрис@xn--80aalaxjd5d.xn--c1avg'],
  ['АНДРИС@XN--80AALAXJD5D.xn--c1avg', 'андрис@xn--80aalaxjd5d.xn--c1avg'],
  ['"john"@example.com', 'john@example.com'],
  ['"john\\ smith"@example.com', 'john smith@example.com'],
  ['"a@b"@example.com', 'a@b@example.com'],
  ['"a\\"b"@example.com', 'a"b@example.com'],
  ['e\u0301@example.com', 'é@example.com'],
  ['用户@例え。テスト', '用户@xn--r8jz45g.xn--zckzah'],
  ['root@localhost', 'root@localhost'],
  ['straße@faß.de', 'strasse@xn--fa-hia.de'],
])('%s is compared as %s', (text, key) => expect(addressKey(read(text))).toBe(key))

test.each([
  ['', 'empty'],
  ['nobody', 'no domain'],
  ['user@', 'no domain'],
  ['@example.com', 'local part'],
  ['""@example.com', 'local part'],
  ['a..b@example.com', 'local part'],
  ['.a@example.com', 'local part'],
  ['a b@example.com', 'local part'],
  ['a@b@example.com', 'local part'],
  ['<user@example.com>', 'local part'],
  ['"open@example.com', 'local part'],
  ['user@exa mple.com', 'domain'],
  ['user@example..com', 'domain'],
  ['user@example.com.', 'domain'],
  ['user@-example.com', 'domain'],
  ['user@example.com/x', 'domain'],
  ['user@ex%61mple.com', 'domain'],
  ['user@1.2.3.4', 'domain'],
  ['user@0x7f.1', 'domain'],
  ['user@[127.0.0.1]', 'domain'],
  ['user@xn--a', 'domain'],
  ['user@under_score.com', 'domain'],
  ['us\r\ner@example.com', 'character that no address has'],
  ['us\u0000er@example.com', 'character that no address has'],
  ['us\u202eer@example.com', 'character that no address has'],
  ['us\ud800er@example.com', 'character that no address has'],
  [`${'a'.repeat(320)}@example.com`, 'too long'],
  [`user@${'a.'.repeat(127)}com`, 'domain'],
])('no address: %j (%s)', (text, problem) => expect(parseAddress(text)).toEqual({ problem }))

test('the label goes, dots stay', () => {
  expect(deliveryKey(read('Андрис+ööö@уайлддак.орг'))).toBe('андрис@xn--80aalaxjd5d.xn--c1avg')
  expect(deliveryKey(read('user+a+b@example.com'))).toBe('user@example.com')
  expect(deliveryKey(read('"user+a b"@example.com'))).toBe('user@example.com')
  expect(deliveryKey(read('+only@example.com'))).toBe('+only@example.com')
  expect(deliveryKey(read('us.er@example.com'))).not.toBe(deliveryKey(read('user@example.com')))
})

test('an address as it is printed is the same address', () => {
  const local = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 })
  const quote = (text: string) => `"${text.replace(/["\\]/g, '\\$&')}"@example.com`
  fc.assert(
    fc.property(local, (text) => {
      const first = parseAddress(quote(text))
      if ('problem' in first) return
      expect(addressKey(read(first.address))).toBe(addressKey(first))
      // The dotless i alone keeps apart from its capital (src/model/fold.ts).
      const capitals = first.address.replaceAll('\u0131', 'i').toUpperCase()
      expect(addressKey(read(capitals))).toBe(addressKey(first).replaceAll('\u0131', 'i'))
    }),
    { numRuns: 2000 },
  )
})

test(`any text has an answer (${RUNS} runs)`, () => {
  const piece = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 400 }),
    fc.constantFrom(
      '@',
      '"',
      '\\',
      '.',
      '+',
      '(',
      '<',
      'xn--',
      '\u3002',
      'user',
      'example.com',
      '\u0000',
      '\r\n',
    ),
  )
  const before = octetsInUse()
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
      const address = parseAddress(pieces.join(''))
      if ('problem' in address) return
      expect(address.domain).toMatch(/^[a-z0-9.-]+$/)
      expect(addressKey(read(address.address))).toBe(addressKey(address))
    }),
    { numRuns: RUNS },
  )
  expect(octetsInUse() - before).toBeLessThan(MAX_GROWTH)
})
