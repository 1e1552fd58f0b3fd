// Accounts, addresses, credentials and tokens, as src/store/accounts.ts promises them.

import { expect, test } from 'vitest'
import { accountId, mailboxId } from '../../model/ids.js'
import type { Account, NewAccount } from '../accounts.js'
import type { Store } from '../store.js'
import {
  allEntries,
  drain,
  mailboxNamed,
  NO_LIMIT,
  newAccount,
  path,
  place,
  sample,
  samples,
  sourceOf,
} from './samples.js'

/** INBOX has this number in every account. */
const INBOX_NUMBER = mailboxId(1)

const wanted = (username: string): NewAccount => ({
  username,
  usernameKey: username.toLowerCase(),
  quota: 0,
  passwordHash: 'first',
  mailboxes: [{ path: 'INBOX' }, { path: 'Sent Mail', specialUse: '\\Sent' }],
})

/** Asks while a large mutation is under way: what waits meanwhile goes together. The codes of those refused. */
async function wantAtOnce(store: Store, wants: readonly (() => Promise<unknown>)[]): Promise<string[]> {
  const { id, inbox } = await place(store)
  const busy = store.append(id, inbox, samples(400), NO_LIMIT)
  const outcomes = await Promise.allSettled(wants.map((want) => want()))
  await busy
  return outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason.code] : []))
}

const address = (name: string, main = false) => ({ address: name, addressKey: name.toLowerCase(), main })

export function accountsSuite(current: () => Store): void {
  test('an account comes with its mailboxes, all subscribed, INBOX the first', async () => {
    const store = current()
    const account = await store.createAccount(wanted('Anna'))
    expect(await store.account(account.id)).toEqual(account)
    expect(await store.accountByName('anna')).toEqual(account)
    const mailboxes = await store.mailboxes(account.id)
    expect(mailboxes.map(({ id, path, specialUse }) => [id, path, specialUse])).toEqual([
      [1, 'INBOX', undefined],
      [2, 'Sent Mail', '\\Sent'],
    ])
    expect(await store.subscriptions(account.id)).toEqual(['INBOX', 'Sent Mail'])
    expect(mailboxes[0]).toMatchObject({
      uidNext: 1,
      messages: 0,
      recentUid: 1,
      purgedModseq: 0,
      selectable: true,
    })
  })

  test('a name is given once, whether as user name or as address', async () => {
    const store = current()
    const carl = await store.createAccount(wanted('Carl'))
    await expect(store.createAccount(wanted('CARL'))).rejects.toMatchObject({ code: 'account-exists' })
    await store.addAddress(carl.id, address('carl@example.org'))
    await expect(store.createAccount(wanted('carl@example.org'))).rejects.toMatchObject({
      code: 'account-exists',
    })
    const dora = await store.createAccount(wanted('dora@example.org'))
    await expect(store.addAddress(carl.id, address('dora@example.org'))).rejects.toMatchObject({
      code: 'address-exists',
    })
    await expect(store.addAddress(dora.id, address('Carl@example.org'))).rejects.toMatchObject({
      code: 'address-exists',
    })
    expect(await store.addAddress(dora.id, address('dora@example.org'))).toMatchObject({ main: true })
  })

  test('of many who want one user name at once one gets it', async () => {
    const store = current()
    const refusals = await wantAtOnce(
      store,
      Array.from({ length: 20 }, () => () => store.createAccount(wanted('Wanted'))),
    )
    expect(refusals).toEqual(Array(19).fill('account-exists'))
    const named = (await drain(store.accounts())).filter(({ usernameKey }) => usernameKey === 'wanted')
    expect(named).toEqual([await store.accountByName('wanted')])
  })

  test('of many who want one address at once, some of them as user name, one gets it', async () => {
    const store = current()
    const made = await Promise.all(Array.from({ length: 12 }, () => newAccount(store)))
    const key = 'wanted@example.org'
    const refusals = await wantAtOnce(store, [
      ...made.map(
        ({ id }) =>
          () =>
            store.addAddress(id, address(key)),
      ),
      () => store.createAccount(wanted(key)),
      () => store.createAccount(wanted(key)),
    ])
    expect(refusals).toHaveLength(13)
    for (const refusal of refusals) expect(refusal).toMatch(/^(account|address)-exists$/)
    const holders = [await store.accountByName(key), ...(await store.resolve(key))].filter(Boolean)
    expect(holders).toHaveLength(1)
    const addresses = await Promise.all(made.map(({ id }) => store.addresses(id)))
    expect(addresses.flat()).toHaveLength((await store.resolve(key)).length)
  })

  test('a login reads an active account by its name or any address, with its password', async () => {
    const store = current()
    const account = await store.createAccount(wanted('Emil'))
    await store.addAddress(account.id, address('emil@example.org'))
    const credential = { kind: 'password', hash: 'first', version: 1 }
    for (const key of ['emil', 'emil@example.org'])
      expect(await store.accountByLogin(key)).toMatchObject({ account: { id: account.id }, credential })
    await store.setPassword(account.id, 'second')
    expect(await store.accountByLogin('emil')).toMatchObject({ credential: { hash: 'second', version: 2 } })
    expect(await store.accountByLogin('emil@elsewhere.org')).toBeUndefined()
    await store.removeAccount(account.id)
    for (const key of ['emil', 'emil@example.org']) expect(await store.accountByLogin(key)).toBeUndefined()
  })

  test('addresses lead to accounts; the main one is handed on', async () => {
    const store = current()
    const { id } = await newAccount(store)
    const first = await store.addAddress(id, address('Emil@example.org'))
    expect(first).toMatchObject({ address: 'Emil@example.org', main: true })
    expect(first.id).toMatch(/^[0-9a-f]{24}$/)
    await store.addAddress(id, address('e@example.org'))
    await store.addAddress(id, address('em@example.org', true))
    expect((await store.addresses(id)).map(({ main }) => main)).toEqual([false, false, true])
    expect(await store.resolve('emil@example.org')).toEqual([{ account: await store.account(id) }])
    expect(await store.resolve('nobody@example.org')).toEqual([])
    await store.removeAddress(id, 'em@example.org')
    expect((await store.addresses(id)).map(({ main }) => main)).toEqual([true, false])
    await expect(store.removeAddress(id, 'em@example.org')).rejects.toMatchObject({ code: 'no-such-address' })
  })

  test('a delivery goes to an account only while that has the address, and to all or none', async () => {
    const store = current()
    const [anna, bert] = [await newAccount(store), await newAccount(store)]
    await store.addAddress(anna.id, address('moving@example.org'))
    await store.addAddress(bert.id, address('staying@example.org'))
    const to = (account: Account, addressKey: string) => ({
      account: account.id,
      mailbox: INBOX_NUMBER,
      message: sample(),
      addressKey,
    })
    const both = [to(bert, 'staying@example.org'), to(anna, 'moving@example.org')]
    expect(await store.deliver(both, NO_LIMIT)).toHaveLength(2)
    await store.removeAddress(anna.id, 'moving@example.org')
    await expect(store.deliver(both, NO_LIMIT)).rejects.toMatchObject({ code: 'no-such-address' })
    await store.addAddress(bert.id, address('moving@example.org'))
    await expect(store.deliver(both, NO_LIMIT)).rejects.toMatchObject({ code: 'no-such-address' })
    expect(await store.deliver([to(bert, 'moving@example.org')], NO_LIMIT)).toHaveLength(1)
    expect(await allEntries(store, anna.id, INBOX_NUMBER)).toHaveLength(1)
    expect(await allEntries(store, bert.id, INBOX_NUMBER)).toHaveLength(2)
  })

  test('a new password has a higher version, and moves the modseq', async () => {
    const store = current()
    const account = await newAccount(store)
    const before = await store.credential(account.id)
    const { version, modseq } = await store.setPassword(account.id, 'second')
    expect(version).toBeGreaterThan(before?.version ?? 0)
    expect(modseq).toBeGreaterThan(account.modseq)
    expect(await store.credential(account.id)).toEqual({ kind: 'password', hash: 'second', version })
  })

  test('the quota of an account goes before the default', async () => {
    const store = current()
    const { id } = await newAccount(store)
    const inbox = await mailboxNamed(store, id, 'INBOX')
    const size = sample().parsed.size
    await store.append(id, inbox.id, [sample()], size)
    await expect(store.append(id, inbox.id, [sample()], 2 * size - 1)).rejects.toMatchObject({
      code: 'quota-exceeded',
    })
    expect(await store.setQuota(id, 2 * size)).toMatchObject({ previous: 0 })
    await store.append(id, inbox.id, [sample()], 1)
    expect(await store.account(id)).toMatchObject({ storageUsed: 2 * size, quota: 2 * size })
    expect(await store.recountStorage(id)).toEqual({ previous: 2 * size, storageUsed: 2 * size })
  })

  test('a removed account is gone at once, its names free, its rest dropped by the collector', async () => {
    const store = current()
    const account = await store.createAccount(wanted('Frida'))
    await store.addAddress(account.id, address('frida@example.org'))
    await store.append(
      account.id,
      (await mailboxNamed(store, account.id, 'INBOX')).id,
      samples(300),
      NO_LIMIT,
    )
    await store.removeAccount(account.id)
    expect(await store.accountByName('frida')).toBeUndefined()
    expect(await store.resolve('frida@example.org')).toEqual([])
    await expect(store.mailboxes(account.id)).rejects.toMatchObject({ code: 'no-such-account' })
    await expect(store.append(account.id, 1 as never, [sample()], NO_LIMIT)).rejects.toMatchObject({
      code: 'no-such-account',
    })
    const again = await store.createAccount(wanted('Frida'))
    expect(again.id).toBeGreaterThan(account.id)
    const { accounts } = await store.collect({ tombstoneAge: 0, contentAge: 0 })
    expect(accounts).toBeGreaterThan(0)
    expect(await store.account(account.id)).toBeUndefined()
    expect(await allEntries(store, account.id, 1 as never)).toEqual([])
    expect(await sourceOf(store, account.id, 1)).toBeUndefined()
  })

  test('accounts are listed in the order of their numbers', async () => {
    const store = current()
    const made = [await newAccount(store), await newAccount(store)]
    const listed = await drain(store.accounts())
    expect(listed.map(({ id }) => id)).toEqual(listed.map(({ id }) => id).toSorted((a, b) => a - b))
    const [first, second] = made
    expect((await drain(store.accounts(first?.id))).map(({ id }) => id)).toEqual([second?.id])
    await expect(store.setQuota(accountId(2 ** 20), 1)).rejects.toMatchObject({ code: 'no-such-account' })
  })

  test('tokens are found by their hash until they are revoked', async () => {
    const store = current()
    const token = await store.createToken({ label: 'backup', hash: 'a'.repeat(64) })
    expect(await store.tokenByHash('a'.repeat(64))).toEqual(token)
    expect(await store.tokens()).toContainEqual(token)
    await store.revokeToken(token.id)
    expect(await store.tokenByHash('a'.repeat(64))).toBeUndefined()
    await expect(store.revokeToken(token.id)).rejects.toMatchObject({ code: 'no-such-token' })
  })

  test('subscriptions are names, whether or not the mailbox exists', async () => {
    const store = current()
    const { id } = await newAccount(store)
    await store.subscribe(id, path('Nowhere/at all'))
    await store.subscribe(id, path('Nowhere/at all'))
    expect(await store.subscriptions(id)).toEqual(['INBOX', 'Nowhere/at all', 'Other'])
    await store.unsubscribe(id, path('Nowhere/at all'))
    await store.unsubscribe(id, path('never there'))
    expect(await store.subscriptions(id)).toEqual(['INBOX', 'Other'])
  })
}
