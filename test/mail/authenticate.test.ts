// Logging in: by which names, how failures are throttled, and that nothing tells an unknown user from a wrong password.
import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  addAddress,
  createAccount,
  removeAccount,
  requireAccount,
  setPassword,
} from '../../src/mail/accounts.js'
import { authenticate, stillValid } from '../../src/mail/authenticate.js'
import { type OpenServices, openServices } from '../support/services.js'

let services: OpenServices
beforeAll(async () => {
  services = await openServices({ failuresPerAddress: 5, failuresPerAccount: 8 })
  const account = await createAccount(services, { username: 'андрис', password: 'пароль' })
  await addAddress(services, account, 'андрис@уайлддак.орг')
  await createAccount(services, { username: 'boss@example.com', password: 'secret' })
})
afterAll(() => services.close())

let lastHost = 0
/** Each from an address of its own, unless one is given. */
const login = (username: string, password: string, remote = `192.0.2.${++lastHost}`) =>
  authenticate(services, { username, password, remote, protocol: 'imap' })

test.each(['андрис', 'АНДРИС', 'андрис@уайлддак.орг', 'Андрис@XN--80AALAXJD5D.xn--c1avg'])(
  '%s logs in',
  async (name) => {
    const { account, loginName } = await login(name, 'пароль')
    expect(account.username).toBe('андрис')
    expect(loginName).toBe(name)
  },
)

test.each([
  ['андрис', 'wrong'],
  ['андрис', ''],
  ['андрис', 'x'.repeat(2000)],
  ['nobody', 'пароль'],
  ['not a name', 'пароль'],
  ['', ''],
  ['андрис+label@уайлддак.орг', 'пароль'],
])('%s with %.20s does not', async (name, password) => {
  await expect(login(name, password)).rejects.toMatchObject({ code: 'authentication-failed' })
})

test('a changed password counts at once, also where the old one was verified before', async () => {
  const account = await createAccount(services, { username: 'changer', password: 'old' })
  const first = await login('changer', 'old')
  expect(await stillValid(services, first)).toBe(true)
  await setPassword(services, account, 'new')
  expect(await stillValid(services, first)).toBe(false)
  await expect(login('changer', 'old')).rejects.toMatchObject({ code: 'authentication-failed' })
  const second = await login('changer', 'new')
  expect(await stillValid(services, second)).toBe(true)
  await removeAccount(services, await requireAccount(services, 'changer'))
  expect(await stillValid(services, second)).toBe(false)
  await expect(login('changer', 'new')).rejects.toMatchObject({ code: 'authentication-failed' })
})

test('failures from one address are throttled, whoever they are for', async () => {
  const remote = '198.51.100.7'
  for (let i = 0; i < 5; i++) {
    await expect(login(`guess${i}`, 'x', remote)).rejects.toMatchObject({ code: 'authentication-failed' })
  }
  await expect(login('boss@example.com', 'secret', remote)).rejects.toMatchObject({ code: 'throttled' })
  expect((await login('boss@example.com', 'secret')).account.username).toBe('boss@example.com')
})

test('a whole IPv6 /64 is one address', async () => {
  for (let i = 0; i < 5; i++) {
    await expect(login('nobody', 'x', `2001:db8:1:2::${i}`)).rejects.toMatchObject({
      code: 'authentication-failed',
    })
  }
  await expect(login('nobody', 'x', '2001:db8:1:2:ffff::1')).rejects.toMatchObject({ code: 'throttled' })
  await expect(login('nobody', 'x', '2001:db8:1:3::1')).rejects.toMatchObject({
    code: 'authentication-failed',
  })
})

const failed = { code: 'authentication-failed' }
const throttled = { code: 'throttled' }

test('failures of strangers slow strangers down, not the owner where he usually logs in', async () => {
  const account = await createAccount(services, { username: 'target', password: 'secret' })
  const home = '203.0.113.9'
  await login('target', 'secret', home)
  for (let i = 0; i < 8; i++) await expect(login('target', 'x')).rejects.toMatchObject(failed)
  // One guess in five seconds is looked at, wherever they come from.
  await expect(login('target', 'x')).rejects.toMatchObject(failed)
  for (let i = 0; i < 8; i++) await expect(login('target', 'secret')).rejects.toMatchObject(throttled)
  expect((await login('target', 'secret', home)).account.id).toBe(account.id)
  await setPassword(services, account, 'fresh')
  expect((await login('target', 'fresh')).account.id).toBe(account.id)
})

test('failures where the owner usually logs in are slowed down too, and refuse nobody for good', async () => {
  const home = '203.0.113.10'
  const shared = await openServices({
    failuresPerAddress: 1000,
    failuresPerPair: 1000,
    failuresPerAccount: 8,
  })
  await createAccount(shared, { username: 'anna', password: 'secret' })
  const from = (password: string) =>
    authenticate(shared, { username: 'anna', password, remote: home, protocol: 'imap' })
  await from('secret')
  for (let i = 0; i < 8; i++) await expect(from('x')).rejects.toMatchObject(failed)
  expect((await from('secret')).account.username).toBe('anna')
  for (let i = 0; i < 3; i++) await expect(from('x')).rejects.toMatchObject(throttled)
  await shared.close()
})

test('a new password lets in who had tried the old one too often', async () => {
  const pairs = await openServices({ failuresPerAddress: 50, failuresPerPair: 3 })
  const account = await createAccount(pairs, { username: 'anna', password: 'secret' })
  const from = (password: string) =>
    authenticate(pairs, { username: 'anna', password, remote: '192.0.2.1', protocol: 'imap' })
  for (let i = 0; i < 3; i++) await expect(from('x')).rejects.toMatchObject(failed)
  await expect(from('secret')).rejects.toMatchObject(throttled)
  await setPassword(pairs, account, 'fresh')
  expect((await from('fresh')).account.username).toBe('anna')
  await pairs.close()
})

test('past the limit the right password is taken when its turn comes', async () => {
  await createAccount(services, { username: 'besieged', password: 'secret' })
  for (let i = 0; i < 8; i++) await expect(login('besieged', 'x')).rejects.toMatchObject(failed)
  expect((await login('besieged', 'secret')).account.username).toBe('besieged')
})

test('one stranger alone is refused before he slows anybody down', async () => {
  const pairs = await openServices({ failuresPerAddress: 50, failuresPerPair: 3, failuresPerAccount: 4 })
  await createAccount(pairs, { username: 'anna', password: 'secret' })
  const from = (remote: string, password: string, username = 'anna') =>
    authenticate(pairs, { username, password, remote, protocol: 'imap' })
  for (let i = 0; i < 3; i++) await expect(from('192.0.2.1', 'x')).rejects.toMatchObject(failed)
  for (let i = 0; i < 3; i++) await expect(from('192.0.2.1', 'secret')).rejects.toMatchObject(throttled)
  for (let i = 2; i < 6; i++) expect((await from(`192.0.2.${i}`, 'secret')).account.username).toBe('anna')
  // Where somebody logged in, more failures are borne with.
  for (let i = 0; i < 5; i++) await expect(from('192.0.2.2', 'x')).rejects.toMatchObject(failed)
  await pairs.close()
})

test('a name that is nobody’s is throttled as an account is', async () => {
  for (let i = 0; i < 9; i++) await expect(login('no such', 'x')).rejects.toMatchObject(failed)
  await expect(login('no such', 'x')).rejects.toMatchObject(throttled)
  for (let i = 0; i < 9; i++) await expect(login('noone', 'x')).rejects.toMatchObject(failed)
  await expect(login('noone', 'x')).rejects.toMatchObject(throttled)
  await expect(login('noone-else', 'x')).rejects.toMatchObject(failed)
})

test('guesses sent all at once get no further than one after the other', async () => {
  const remote = '198.51.100.8'
  await createAccount(services, { username: 'burst', password: 'secret' })
  const guesses = Array.from({ length: 50 }, (_, i) =>
    login('burst', `guess ${i}`, remote).catch((error) => error.code),
  )
  const answers = await Promise.all(guesses)
  const judged = answers.filter((code) => code === 'authentication-failed').length
  expect(judged).toBeGreaterThanOrEqual(5)
  // Those already being hashed when the limit was reached, one a core, may pass it.
  expect(judged).toBeLessThanOrEqual(5 + 64)
  expect(judged).toBeLessThan(50)
})

test('an unknown user takes as long as a wrong password', async () => {
  const quick = await openServices({ failuresPerAddress: 1e6, failuresPerPair: 1e6, failuresPerAccount: 1e6 })
  await createAccount(quick, { username: 'known', password: 'secret' })
  const time = async (username: string) => {
    const started = performance.now()
    await authenticate(quick, { username, password: 'wrong', remote: '192.0.2.1', protocol: 'imap' }).catch(
      () => {},
    )
    return performance.now() - started
  }
  await time('known')
  await time('unknown')
  const known: number[] = []
  const unknown: number[] = []
  for (let i = 0; i < 25; i++) {
    known.push(await time('known'))
    unknown.push(await time('unknown'))
  }
  const median = (times: number[]) => times.sort((a, b) => a - b)[12] ?? 0
  const ratio = median(unknown) / median(known)
  expect(ratio).toBeGreaterThan(0.6)
  expect(ratio).toBeLessThan(1.6)
  await quick.close()
})
