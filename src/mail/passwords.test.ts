// Passwords: what can be one, and the memory of verified logins.
import { expect, test } from 'vitest'
import { accountId } from '../model/ids.js'
import { createPasswords } from './passwords.js'
import { VerifiedLogins } from './verified-logins.js'

const passwords = createPasswords()

test('a password fits its hash, in whatever form of Unicode it was typed', async () => {
  const hash = await passwords.hash('pássword ☃')
  expect(hash).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/)
  expect(await passwords.verify(hash, 'pa\u0301ssword ☃')).toBe(true)
  expect(await passwords.verify(hash, 'password ☃')).toBe(false)
  expect(await passwords.hash('pássword ☃')).not.toBe(hash)
})

test.each(['', 'a\u0000b', 'a\r\nb', 'x'.repeat(1025), 'ш'.repeat(600), '\ud800'])(
  'no password: %j',
  async (bad) => {
    await expect(passwords.hash(bad)).rejects.toMatchObject({ code: 'invalid-password' })
  },
)

test('a password that is too long is refused before anything is computed', async () => {
  const started = performance.now()
  expect(await passwords.verify(await passwords.hash('x'), 'x'.repeat(100_000_000))).toBe(false)
  expect(await passwords.pretend('x'.repeat(100_000_000))).toBe(false)
  expect(performance.now() - started).toBeLessThan(1000)
})

test('whoever has waited for a turn is asked again whether to go on', async () => {
  const hash = await passwords.hash('right')
  let asked = 0
  const proceed = async () => ++asked <= 3
  const answers = await Promise.all(
    Array.from({ length: 10 }, () => passwords.verify(hash, 'right', proceed)),
  )
  expect(answers.filter((answer) => answer === true)).toHaveLength(3)
  expect(answers.filter((answer) => answer === 'refused')).toHaveLength(7)
})

test('a verified login is good for its account, version and password alone', () => {
  const verified = new VerifiedLogins()
  verified.remember(accountId(1), 1, 'secret')
  expect(verified.has(accountId(1), 1, 'secret')).toBe(true)
  expect(verified.has(accountId(1), 1, 'Secret')).toBe(false)
  expect(verified.has(accountId(1), 2, 'secret')).toBe(false)
  expect(verified.has(accountId(2), 1, 'secret')).toBe(false)
})

test('only so many verified logins are remembered, those used last', () => {
  const verified = new VerifiedLogins(3)
  for (const id of [1, 2, 3]) verified.remember(accountId(id), 1, 'secret')
  expect(verified.has(accountId(1), 1, 'secret')).toBe(true)
  verified.remember(accountId(4), 1, 'secret')
  expect(verified.has(accountId(2), 1, 'secret')).toBe(false)
  expect(verified.has(accountId(1), 1, 'secret')).toBe(true)
})
