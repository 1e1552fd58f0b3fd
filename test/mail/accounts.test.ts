// Accounts, addresses and tokens over the embedded store.
import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  addAddress,
  createAccount,
  findAccount,
  listAccounts,
  listAddresses,
  removeAccount,
  removeAddress,
  requireAccount,
  setPassword,
  setQuota,
} from '../../src/mail/accounts.js'
import { findRecipients } from '../../src/mail/deliver.js'
import { listMailboxes } from '../../src/mail/mailboxes.js'
import { createToken, listTokens, revokeToken, verifyToken } from '../../src/mail/tokens.js'
import type { Hint } from '../../src/mail/types.js'
import { type OpenServices, openServices } from '../support/services.js'

let services: OpenServices
beforeAll(async () => {
  services = await openServices()
})
afterAll(() => services.close())

const create = (username: string) => createAccount(services, { username, password: 'secret' })

test('a new account has its mailboxes, and is found by name however it is written', async () => {
  const account = await create('Anna')
  const mailboxes = await listMailboxes(services, account.id)
  expect(new Map(mailboxes.map(({ path, specialUse }) => [path, specialUse]))).toEqual(
    new Map<string, string | undefined>([
      ['INBOX', undefined],
      ['Sent Mail', '\\Sent'],
      ['Drafts', '\\Drafts'],
      ['Junk', '\\Junk'],
      ['Trash', '\\Trash'],
      ['Archive', '\\Archive'],
    ]),
  )
  expect(await services.store.subscriptions(account.id)).toHaveLength(6)
  expect((await findAccount(services, 'ANNA'))?.id).toBe(account.id)
  expect(await findAccount(services, 'anna2')).toBeUndefined()
})

test('names that are the same cannot be taken twice', async () => {
  await create('straße')
  for (const name of ['STRASSE', 'strasse', 'Straẞe']) {
    await expect(create(name)).rejects.toMatchObject({ code: 'account-exists' })
  }
})

test('no new name has a character that cannot be seen; one that is there already is found, and goes', async () => {
  const seen = await create('visible')
  for (const unseen of ['\ufe0f', '\u034f', '\u180b', '\u17b4', '\u115f', '\u1160']) {
    await expect(create(`vis${unseen}ible`)).rejects.toMatchObject({ code: 'invalid-username' })
    await expect(create(`vis${unseen}ible@example.com`)).rejects.toMatchObject({ code: 'invalid-username' })
  }
  for (const local of ['a\ufe0f', 'a\u3164', 'a\u00a0', 'a\u3000b', '"a \u3000b"', '"a\u2003b"'])
    await expect(addAddress(services, seen, `${local}@example.com`)).rejects.toMatchObject({
      code: 'invalid-address',
    })
  for (const local of ['"a b"', '\u0645\u06cc\u200c\u062e', '\u0915\u094d\u200d\u0937'])
    await addAddress(services, seen, `${local}@example.com`)
  const old = 'old\ufe0f@example.com'
  await services.store.addAddress(seen.id, { address: old, addressKey: old, main: false })
  expect(await findRecipients(services, old)).toMatchObject([{ account: { id: seen.id } }])
  expect((await removeAddress(services, old)).id).toBe(seen.id)
})

test('an internationalized address receives under its punycode domain and with labels', async () => {
  const account = await create('андрис')
  const { address, main } = await addAddress(services, account, 'андрис@уайлддак.орг')
  expect({ address, main }).toEqual({ address: 'андрис@уайлддак.орг', main: true })
  for (const recipient of [
    'андрис@уайлддак.орг',
    'АНДРИС@УАЙЛДДАК.ОРГ',
    'андрис@xn--80aalaxjd5d.xn--c1avg',
    'андрис+ööö@уайлддак.орг',
  ]) {
    expect(await findRecipients(services, recipient)).toMatchObject([{ account: { id: account.id } }])
    if (!recipient.includes('+')) expect((await requireAccount(services, recipient)).id).toBe(account.id)
  }
  expect(await findRecipients(services, 'анд.рис@уайлддак.орг')).toEqual([])
})

test('an address belongs to one account; the first is main, and a new main takes the mark', async () => {
  const one = await create('one')
  const two = await create('two')
  await addAddress(services, one, 'one@example.com')
  await addAddress(services, one, 'uno@example.com')
  await expect(addAddress(services, two, 'ONE@EXAMPLE.com')).rejects.toMatchObject({ code: 'address-exists' })
  await expect(addAddress(services, one, 'one@example.com')).rejects.toMatchObject({ code: 'address-exists' })
  await addAddress(services, one, 'ein@example.com', true)
  const marks = async () => (await listAddresses(services, one)).map(({ address, main }) => [address, main])
  expect(await marks()).toEqual([
    ['one@example.com', false],
    ['uno@example.com', false],
    ['ein@example.com', true],
  ])
  await removeAddress(services, 'EIN@example.com')
  expect(await marks()).toEqual([
    ['one@example.com', true],
    ['uno@example.com', false],
  ])
  await expect(removeAddress(services, 'ein@example.com')).rejects.toMatchObject({ code: 'no-such-address' })
})

test('user names and addresses are one space of names', async () => {
  const named = await create('boss@example.com')
  const other = await create('other')
  await expect(addAddress(services, other, 'boss@example.com')).rejects.toMatchObject({
    code: 'address-exists',
  })
  await addAddress(services, other, 'chief@example.com')
  await expect(create('Chief@example.com')).rejects.toMatchObject({ code: 'account-exists' })
  expect(await findRecipients(services, 'boss@example.com')).toEqual([])
  await addAddress(services, named, 'boss@example.com')
  expect(await findRecipients(services, 'boss@example.com')).toHaveLength(1)
})

test.each([
  ['a+label@example.com', 'invalid-address'],
  ['not an address', 'invalid-address'],
  ['a@[127.0.0.1]', 'invalid-address'],
])('refused: address %s', async (address, code) => {
  const account = await requireAccount(services, 'anna')
  await expect(addAddress(services, account, address)).rejects.toMatchObject({ code })
})

test('a password and a quota that change are told to open sessions', async () => {
  const account = await create('watched')
  const hints: Hint[] = []
  const stop = services.bus.subscribe(account.id, (hint) => hints.push(hint))
  await setPassword(services, account, 'other')
  expect(await setQuota(services, account, 1000)).toBe(0)
  expect(await setQuota(services, account, 0)).toBe(1000)
  await removeAccount(services, account)
  stop()
  expect(hints.filter(({ mailbox }) => mailbox === undefined)).toHaveLength(4)
})

test('a removed account is gone for everybody, and its names are free', async () => {
  const account = await create('leaving')
  await addAddress(services, account, 'leaving@example.com')
  await removeAccount(services, account)
  expect(await findAccount(services, 'leaving')).toBeUndefined()
  expect(await findAccount(services, 'leaving@example.com')).toBeUndefined()
  expect(await findRecipients(services, 'leaving@example.com')).toEqual([])
  for await (const { id } of listAccounts(services)) expect(id).not.toBe(account.id)
  const again = await create('leaving')
  await addAddress(services, again, 'leaving@example.com')
  expect(again.id).not.toBe(account.id)
})

test('a token opens until it is revoked, and is kept only as a hash', async () => {
  const { token, secret } = await createToken(services, 'backup')
  expect(secret).toMatch(/^eider_[A-Za-z0-9_-]{43}$/)
  expect((await verifyToken(services, secret))?.id).toBe(token.id)
  expect(JSON.stringify(await listTokens(services))).not.toContain(secret)
  const wrong = secret.slice(0, -1) + (secret.endsWith('A') ? 'B' : 'A')
  for (const other of [wrong, '', 'eider_', token.id, token.hash]) {
    expect(await verifyToken(services, other)).toBeUndefined()
  }
  await revokeToken(services, token.id)
  expect(await verifyToken(services, secret)).toBeUndefined()
  await expect(revokeToken(services, token.id)).rejects.toMatchObject({ code: 'no-such-token' })
})
