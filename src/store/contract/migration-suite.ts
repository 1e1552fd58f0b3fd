// A store carried over into an empty one, of the same or another engine, is equal in all that can be read; interrupted at
// any step, the next run makes it so. src/store/migration.ts.

import { afterEach, describe, expect, test } from 'vitest'
import { type AccountId, contentId, modSeq } from '../../model/ids.js'
import type { Account } from '../accounts.js'
import type { MigrationStore } from '../migration.js'
import type { Store } from '../store.js'
import type { OpenStore, StoreEngine } from './engine.js'
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
  uidRange,
  uidsFrom,
} from './samples.js'

const DAY = 86_400_000
const cut = (digit: string) =>
  ({ at: 9, length: 1000, blob: digit.repeat(64), blobSize: 1000, form: { kind: 'identity' } }) as const

const demandOrder = async (store: Store): Promise<void> =>
  expect(await drain(store.check({ repair: false }))).toEqual([])

/** Nothing is kept for what is gone. */
const collectAll = (store: Store) => store.collect({ tombstoneAge: -DAY, contentAge: -DAY })

/** Accounts with all that an account can have. */
async function fill(store: Store): Promise<void> {
  const { id, inbox, other } = await place(store)
  // What was expunged first is forgotten by now.
  await store.append(id, inbox, samples(3, { flags: ['\\Deleted'] }), NO_LIMIT)
  await drain(store.expunge(id, inbox))
  await collectAll(store)
  await store.append(id, inbox, samples(700, { flags: ['\\Seen', '$Work'], trace: 'X: y\r\n' }), NO_LIMIT)
  await store.append(
    id,
    inbox,
    [
      sample({ text: 'größer', cuts: [cut('a'), cut('b')], hasAttachments: true, at: -1_000_000_000_000 }),
      { ...sample({ cuts: [cut('a')] }), parsed: { ...sample().parsed, text: 'gefunden ∂' } },
    ],
    NO_LIMIT,
  )
  await store.copy(id, inbox, uidRange(100, 300), other, NO_LIMIT)
  await drain(
    store.changeFlags(id, inbox, uidsFrom(5, 250, 600), { mode: 'replace', flags: ['$Später', '\\Deleted'] }),
  )
  await drain(store.expunge(id, inbox, uidsFrom(250, 600)))
  await drain(store.changeFlags(id, other, uidRange(1, 140), { mode: 'add', flags: ['\\Deleted'] }))
  await drain(store.expunge(id, other))
  await store.claimRecent(id, inbox, 300)
  await store.createMailbox(id, path('a/Später'), '\\Archive')
  await store.createMailbox(id, path('gone'))
  await store.append(id, (await mailboxNamed(store, id, 'gone')).id, [sample({ cuts: [cut('c')] })], NO_LIMIT)
  await store.deleteMailbox(id, path('gone'))
  await store.deleteMailbox(id, path('a'))
  await store.subscribe(id, path('nowhere'))
  await store.unsubscribe(id, path('Other'))
  for (const name of ['z', 'y', 'x'])
    await store.addAddress(id, {
      address: `${name}@Example.org`,
      addressKey: `${name}${id}@example.org`,
      main: name === 'y',
    })
  await store.setPassword(id, 'another hash')
  await store.setQuota(id, 123_456_789)
  const removed = await newAccount(store)
  await newAccount(store, 0, [])
  await store.removeAccount(removed.id)
  const last = await newAccount(store)
  await store.removeAccount(last.id)
  await store.createToken({ label: 'one', hash: `${id}`.padStart(64, '0') })
}

async function accountState(store: Store, account: Account) {
  const { id } = account
  const mailboxes = await store.mailboxes(id)
  const addresses = await store.addresses(id)
  return {
    account,
    addresses,
    resolved: await Promise.all(addresses.map(({ addressKey }) => store.resolve(addressKey))),
    named: await store.accountByName(account.usernameKey),
    credential: await store.credential(id),
    flags: await store.flagTable(id),
    subscriptions: await store.subscriptions(id),
    mailboxes,
    mail: await Promise.all(
      mailboxes.map(async (box) => {
        const entries = []
        for await (const page of store.entries(id, box.id, { cold: true })) entries.push(page.entries)
        const gone = await store.expungedSince(id, box.id, modSeq(0), box.highestModseq)
        return { entries: JSON.stringify(entries), gone, kept: await store.expungedEntries(id, box.id, gone) }
      }),
    ),
    contents: await contentsState(store, account),
  }
}

async function contentsState(store: Store, { id }: Account) {
  const boxes = await store.mailboxes(id)
  const entries = await Promise.all(boxes.map((box) => allEntries(store, id, box.id)))
  const contents = Uint32Array.from(new Set(entries.flat().map(({ content }) => content))).sort()
  const prepared = async (what: 'envelope' | 'structure') =>
    (await drain(store.prepared(id, contents, what))).flat().map((octets) => octets && hex(octets))
  const some = [...contents].filter((_, at) => at % 50 === 0 || at > contents.length - 5).map(contentId)
  const sources = await Promise.all(some.map((content) => sourceOf(store, id, content)))
  return {
    summaries: (await drain(store.summaries(id, contents, new Float64Array(contents.length)))).flat(),
    envelopes: await prepared('envelope'),
    structures: await prepared('structure'),
    sources: sources.map((one) => one && [hex(one.trace), hex(one.skeleton), one.cuts, one.size, one.root]),
    texts: await Promise.all(some.map((content) => store.text(id, content))),
  }
}

const hex = (octets: Uint8Array): string => Buffer.from(octets).toString('hex')

/** All that can be read. */
async function stateOf(store: Store) {
  const accounts = (await drain(store.accounts())).filter(({ state }) => state === 'active')
  const states = []
  for (const account of accounts) states.push(await accountState(store, account))
  return { states, tokens: await store.tokens(), blobs: (await drain(store.allReferencedBlobs())).flat() }
}

const SOURCE = 'the source'

class Interrupted extends Error {}

/** What `eider migrate` does, without the blobs. `steps`: how many writes succeed before it is interrupted. */
async function carryOver(from: Store, to: Store, steps = Number.POSITIVE_INFINITY): Promise<void> {
  let left = steps
  const step = <T>(write: () => Promise<T>): Promise<T> => {
    if (left-- <= 0) throw new Interrupted()
    return write()
  }
  await step(() => to.beginArrival(SOURCE))
  for await (const { id } of to.accounts()) {
    const isActive = (await from.account(id))?.state === 'active'
    const dumped = isActive ? await from.dumpAccount(id) : undefined
    await step(() => to.dropStale(id, dumped))
  }
  for await (const { id, state } of from.accounts()) {
    if (state !== 'active') continue
    const dumped = await from.dumpAccount(id)
    const after = await step(() => to.restoreAccount(dumped))
    if (after === undefined) continue
    for await (const page of from.dumpContents(id, after)) await step(() => to.restoreContents(id, page))
    for await (const page of from.dumpIndex(id)) await step(() => to.restoreIndex(id, page))
    await step(() => to.finishAccount(dumped))
  }
  await step(async () => to.finishArrival(await from.dumpStore()))
}

/** Whether it was done. */
async function carryOverInterrupted(from: Store, to: Store, steps: number): Promise<boolean> {
  try {
    await carryOver(from, to, steps)
    return true
  } catch (error) {
    if (error instanceof Interrupted) return false
    throw error
  }
}

export function migrationContract(from: StoreEngine, to: StoreEngine): void {
  describe(`a migration from ${from.name} to ${to.name}`, () => {
    const opened: OpenStore[] = []
    const open = async (engine: StoreEngine): Promise<OpenStore> => {
      const one = await engine.open()
      opened.push(one)
      return one
    }
    const filled = async (): Promise<Store> => {
      const { store } = await open(from)
      await fill(store)
      return store
    }
    afterEach(async () => {
      for (const one of opened.splice(0)) await one.dispose()
    })

    test('gives a store that is equal in all that can be read, and goes on with the same numbers', async () => {
      const source = await filled()
      const opening = await open(to)
      await carryOver(source, opening.store)
      const before = await stateOf(source)
      expect(before.states.length).toBe(2)
      expect(await stateOf(opening.store)).toEqual(before)
      const target = await opening.reopen()
      expect(await stateOf(target)).toEqual(before)
      await demandOrder(target)
      await demandOrder(source)
      const [account] = await drain(source.accounts())
      if (account === undefined) throw new Error('the source is empty')
      for (const store of [source, target]) {
        const { id } = await mailboxNamed(store, account.id, 'INBOX')
        const [appended] = await store.append(account.id, id, [sample({ flags: ['$New'] })], NO_LIMIT)
        expect(appended).toMatchObject({ uid: 706, modseq: account.modseq + 1, content: 707 })
        expect((await store.createMailbox(account.id, path('new'))).mailbox.id).toBe(7)
      }
      expect((await newAccount(target)).id).toBe((await newAccount(source)).id)
    })

    test('goes on where it was interrupted', async () => {
      const source = await filled()
      const before = await stateOf(source)
      const { store: target } = await open(to)
      let runs = 0
      // Each run gets a step further than the last one's end, or begins again where an account was not begun whole.
      while (!(await carryOverInterrupted(source, target, 3 + runs))) {
        runs++
        expect(await target.arrival()).toBe(SOURCE)
        await expect(target.serving()).rejects.toMatchObject({ code: 'unavailable' })
        for await (const account of target.accounts()) {
          if (account.state === 'active') continue
          expect(account.state).toBe('arriving')
          expect(account.usernameKey).toBe('')
          await expect(target.mailboxes(account.id)).rejects.toMatchObject({ code: 'no-such-account' })
          await collectAll(target)
        }
      }
      expect(runs).toBeGreaterThan(2)
      expect(await stateOf(target)).toEqual(before)
      await demandOrder(target)
      expect(await target.arrival()).toBeUndefined()
      await (await target.serving())()
    })

    test.each([3, 4, 5])('what has changed since is carried over anew (%d steps before)', async (steps) => {
      const source = await filled()
      const { store: target } = await open(to)
      expect(await carryOverInterrupted(source, target, steps)).toBe(false)
      const [account] = await drain(source.accounts())
      if (account === undefined) throw new Error('the source is empty')
      const inbox = await mailboxNamed(source, account.id, 'INBOX')
      await drain(
        source.changeFlags(account.id, inbox.id, uidRange(1, 500), { mode: 'add', flags: ['\\Deleted'] }),
      )
      await drain(source.expunge(account.id, inbox.id))
      await collectAll(source)
      await carryOver(source, target)
      expect(await stateOf(target)).toEqual(await stateOf(source))
      await demandOrder(target)
    })

    test.each([4, Number.POSITIVE_INFINITY])(
      'what has gone from the source since goes from the target (%d steps before)',
      async (steps) => {
        const source = await filled()
        const { store: target } = await open(to)
        await carryOverInterrupted(source, target, steps)
        await target.beginArrival(SOURCE)
        const [account] = await drain(source.accounts())
        if (account === undefined) throw new Error('the source is empty')
        expect(await target.account(account.id)).toBeDefined()
        await source.removeAccount(account.id)
        await collectAll(source)
        await carryOver(source, target)
        expect(await target.account(account.id)).toBeUndefined()
        expect(await stateOf(target)).toEqual(await stateOf(source))
        await demandOrder(target)
      },
    )

    test('names that have moved from one account to another since are where they are now', async () => {
      const { store: source } = await open(from)
      const { store: target } = await open(to)
      const accounts = [await newAccount(source), await newAccount(source)]
      const give = async (name: string, at: number) =>
        source.addAddress(accounts[at]?.id as AccountId, { address: name, addressKey: name, main: false })
      for (const at of [0, 1]) await give(`from${at}@example.org`, at)
      await carryOver(source, target)
      // As if its last step had not been done.
      await target.beginArrival(SOURCE)
      for (const at of [0, 1])
        await source.removeAddress(accounts[at]?.id as AccountId, `from${at}@example.org`)
      for (const at of [0, 1]) await give(`from${at}@example.org`, 1 - at)
      await carryOver(source, target)
      expect(await stateOf(target)).toEqual(await stateOf(source))
      await demandOrder(target)
    })

    test('what is read and written at a time is bounded', async () => {
      const { store } = await open(from)
      const { id, inbox } = await place(store)
      const skeleton = Buffer.alloc(300_000, 'x')
      const large = sample()
      const parsed = { ...large.parsed, skeleton, size: skeleton.length }
      for (let round = 0; round < 4; round++)
        await store.append(id, inbox, Array(8).fill({ ...large, parsed }), NO_LIMIT)
      const pages = await drain((store as MigrationStore).dumpContents(id, 0))
      expect(pages.flat().map(({ content }) => content)).toEqual([...Array(32).keys()].map((at) => at + 1))
      expect(Math.max(...pages.map((page) => page.length))).toBe(7)
    })
  })
}
