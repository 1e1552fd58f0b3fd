// Ids route themselves: every place has one id, and every id names one place.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { accountHex, accountId, mailboxHex, mailboxId, messageHex, parseHexId, uid } from './ids.js'

const account = fc.integer({ min: 1, max: 2 ** 40 - 1 })
const mailbox = fc.integer({ min: 1, max: 2 ** 24 - 1 })
const message = fc.integer({ min: 1, max: 2 ** 32 - 1 })

test('an id leads back to its place', () => {
  fc.assert(
    fc.property(account, mailbox, message, (a, m, u) => {
      const id = messageHex(accountId(a), mailboxId(m), uid(u))
      expect(id).toHaveLength(24)
      expect(parseHexId(id)).toEqual({ account: a, mailbox: m, uid: u })
      expect(parseHexId(mailboxHex(accountId(a), mailboxId(m)))).toEqual({ account: a, mailbox: m })
      expect(parseHexId(accountHex(accountId(a)))).toEqual({ account: a })
    }),
  )
})

test.each([
  '',
  'x',
  '0'.repeat(24),
  `${'0'.repeat(9)}1${'0'.repeat(13)}1`,
  'F'.repeat(24),
  `${'f'.repeat(25)}`,
])('no id: %s', (text) => expect(parseHexId(text)).toBeUndefined())
