// What one instance remembers while another changes it: the mutation finds out, nothing is stored where it does not belong.

import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest'
import { startMongoProxy, urlThrough } from '../../../test/faults/mongo-proxy.js'
import { newDatabase, type TestDatabase } from '../../../test/support/mongod.js'
import { describeWith } from '../../../test/support/programs.js'
import { databaseIn } from '../../kit/mongo-client.js'
import { allEntries, NO_LIMIT, type Place, path, place, sample } from '../contract/samples.js'
import type { Store } from '../store.js'
import { Memory, type Remembered } from './memory.js'
import { openMongoStore } from './mongo-store.js'
import { type AccountDocument, accountKey, COLLECTIONS, mailboxKey } from './schema.js'

const REMEMBERED = { remembered: true }

const ACCOUNT = 7
const account = (version: number) =>
  ({ _id: accountKey(ACCOUNT), account: ACCOUNT, version, state: 'active' }) as AccountDocument
const mailbox = (number: number, uid_next: number): Remembered => ({
  collection: COLLECTIONS.mailbox,
  document: { _id: mailboxKey(ACCOUNT, number), uid_next },
})
const committed = (version: number): Remembered => ({
  collection: COLLECTIONS.account,
  document: { ...account(version) },
})
const recalled = (memory: Memory) =>
  memory.recall(ACCOUNT).map(({ document }) => document['uid_next'] ?? document['version'])

test('what a read brought while a commit was under way is not taken for what the commit left', () => {
  const memory = new Memory()
  // A majority read tells of version 5, while the commit began at 6: mailbox 1 may have changed between them.
  memory.prime(account(5), [mailbox(1, 10)])
  memory.remember(ACCOUNT, 6, [mailbox(2, 20), committed(7)], [])
  expect(recalled(memory)).toEqual([20, 7])
  // Of a newer version neither.
  memory.prime(account(9), [mailbox(1, 12)])
  memory.remember(ACCOUNT, 7, [mailbox(2, 21), committed(8)], [])
  expect(recalled(memory)).toEqual([21, 8])
  // At the version at which the commit began, it stays true.
  memory.prime(account(8), [mailbox(1, 12)])
  memory.remember(ACCOUNT, 8, [mailbox(2, 22), committed(9)], [])
  expect(recalled(memory)).toEqual([12, 22, 9])
})

describeWith(['mongod'], 'what is remembered on MongoDB', () => {
  let database: TestDatabase
  let here: Store
  let elsewhere: Store
  let sent: string[] = []
  beforeAll(async () => {
    database = await newDatabase()
    here = await openMongoStore({
      url: database.url,
      onCommand: ({ commandName, command }) =>
        void (command['update'] === 'instances' || sent.push(commandName)),
    })
    elsewhere = await openMongoStore({ url: database.url })
  })
  afterAll(async () => {
    await here.close()
    await elsewhere.close()
    await database.drop()
  })
  afterEach(() => vi.restoreAllMocks())

  let at: Place
  let address: string
  let addresses = 0
  beforeEach(async () => {
    at = await place(here)
    address = `anna${++addresses}@example.org`
    await here.addAddress(at.id, { address, addressKey: address, main: true })
  })

  const deliver = () =>
    here.deliver([{ account: at.id, mailbox: at.inbox, message: sample(), addressKey: address }], NO_LIMIT)
  const append = (name: string) => here.append(at.id, at.other, [sample()], NO_LIMIT, path(name))

  test('a second delivery or APPEND asks for nothing before its transaction', async () => {
    await here.resolve(address, REMEMBERED)
    await deliver()
    sent = []
    expect(await here.resolve(address, REMEMBERED)).toHaveLength(1)
    await deliver()
    expect(sent).toEqual(['update', 'insert', 'commitTransaction'])
    await append('Other')
    sent = []
    expect(await here.appendTarget(at.id, path('Other'), REMEMBERED)).toMatchObject({ mailbox: at.other })
    await append('Other')
    expect(sent).toEqual(['update', 'insert', 'commitTransaction'])
  })

  test('what is remembered of an account answers RCPT for two seconds', async () => {
    await here.resolve(address, REMEMBERED)
    await deliver()
    sent = []
    await here.resolve(address, REMEMBERED)
    expect(sent).toEqual([])
    vi.spyOn(performance, 'now').mockReturnValue(performance.now() + 2_001)
    await here.resolve(address, REMEMBERED)
    expect(sent).toEqual(['aggregate'])
    await deliver()
    expect(sent).toEqual(['aggregate', 'update', 'insert', 'commitTransaction'])
  })

  test('an account that another instance writes in turn is read first, from the second time on', async () => {
    const inTurn = async () => {
      await elsewhere.append(at.id, at.other, [sample()], NO_LIMIT)
      sent = []
      await append('Other')
      return sent
    }
    await append('Other')
    expect(await inTurn()).toContain('abortTransaction')
    expect(await inTurn()).toContain('abortTransaction')
    for (let n = 0; n < 2; n++)
      expect(await inTurn()).toEqual(['find', 'find', 'update', 'insert', 'commitTransaction'])
  })

  test('an address that was removed elsewhere gets nothing more', async () => {
    await here.resolve(address, REMEMBERED)
    await deliver()
    await elsewhere.removeAddress(at.id, address)
    expect(await here.resolve(address, REMEMBERED)).toHaveLength(1)
    expect(await here.resolve(address)).toEqual([])
    await expect(deliver()).rejects.toMatchObject({ code: 'no-such-address' })
    expect(await here.resolve(address, REMEMBERED)).toEqual([])
    expect(await allEntries(here, at.id, at.inbox)).toHaveLength(1)
  })

  test('an address removed here is forgotten here, and one that moved goes to its new account', async () => {
    await here.resolve(address, REMEMBERED)
    await here.removeAddress(at.id, address)
    expect(await here.resolve(address, REMEMBERED)).toEqual([])
    const other = await place(here)
    await elsewhere.addAddress(other.id, { address, addressKey: address, main: true })
    const [found] = await here.resolve(address, REMEMBERED)
    expect(found?.account.id).toBe(other.id)
  })

  test('an account that was removed elsewhere gets nothing more', async () => {
    await here.resolve(address, REMEMBERED)
    await deliver()
    await elsewhere.removeAccount(at.id)
    await expect(deliver()).rejects.toMatchObject({ code: 'no-such-account' })
    expect(await here.resolve(address, REMEMBERED)).toEqual([])
    expect(await here.appendTarget(at.id, path('Other'), REMEMBERED)).toBeUndefined()
  })

  test('a mailbox that was renamed elsewhere, and another of its name, are told apart', async () => {
    await append('Other')
    await elsewhere.renameMailbox(at.id, path('Other'), path('Renamed'))
    await elsewhere.createMailbox(at.id, path('Other'))
    expect(await here.appendTarget(at.id, path('Other'), REMEMBERED)).toMatchObject({ mailbox: at.other })
    await expect(append('Other')).rejects.toMatchObject({ code: 'no-such-mailbox' })
    const target = await here.appendTarget(at.id, path('Other'), REMEMBERED)
    expect(target?.mailbox).not.toBe(at.other)
    expect(await append('Renamed')).toHaveLength(1)
    expect(await allEntries(here, at.id, at.other)).toHaveLength(2)
  })

  test('an answer that tells of the past while a commit is under way gives no UID twice', async () => {
    const proxy = await startMongoProxy(Number(new URL(database.url).port))
    const late = await openMongoStore({ url: urlThrough(proxy.port, databaseIn(database.url)) })
    const keep = (kept: string) => {
      proxy.rules = { reply: (command) => (command === kept ? 'keep' : 'pass') }
    }
    const inbox = { account: at.id, mailbox: at.inbox, addressKey: address }
    try {
      keep('aggregate')
      const looking = late.resolve(address)
      await expect.poll(() => proxy.kept).toBe(1)
      await elsewhere.deliver([{ ...inbox, message: sample() }], NO_LIMIT)
      keep('commitTransaction')
      const appending = late.append(at.id, at.other, [sample()], NO_LIMIT, path('Other'))
      await expect.poll(() => proxy.kept).toBe(2)
      proxy.rules = {}
      proxy.deliverKept(1)
      await looking
      proxy.deliverKept()
      await appending
      await late.deliver([{ ...inbox, message: sample() }], NO_LIMIT)
      const entries = await allEntries(here, at.id, at.inbox)
      expect(entries.map(({ uid }) => uid)).toEqual([1, 2])
    } finally {
      await late.close()
      await proxy.close()
    }
  })
})
