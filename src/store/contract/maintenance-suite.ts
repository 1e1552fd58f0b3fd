// The collector and `check`: what nobody names goes, what somebody names stays, and a store that was opened again is the
// same store.

import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { type AccountId, type MailboxId, modSeq } from '../../model/ids.js'
import type { Store } from '../store.js'
import type { OpenStore } from './engine.js'
import {
  allEntries,
  drain,
  NO_LIMIT,
  type Place,
  path,
  place,
  sample,
  samples,
  sourceOf,
  uidRange,
  uidsFrom,
} from './samples.js'

const DAY = 86_400_000
const blob = (digit: string) => digit.repeat(64)
const withBlob = (digit: string) =>
  sample({ cuts: [{ at: 9, length: 100, blob: blob(digit), blobSize: 100, form: { kind: 'identity' } }] })

async function expungeAll(store: Store, id: AccountId, mailbox: MailboxId, uids: Uint32Array): Promise<void> {
  await drain(store.changeFlags(id, mailbox, uids, { mode: 'add', flags: ['\\Deleted'] }))
  await drain(store.expunge(id, mailbox, uids))
}

/** Everything that can be read of an account. */
async function snapshot(store: Store, { id }: Place) {
  const mailboxes = await store.mailboxes(id)
  const entries = await Promise.all(mailboxes.map((box) => allEntries(store, id, box.id)))
  const gone = await Promise.all(
    mailboxes.map((box) => store.expungedSince(id, box.id, modSeq(0), box.highestModseq)),
  )
  const contents = Uint32Array.from(entries.flat(), ({ content }) => content)
  return {
    account: await store.account(id),
    credential: await store.credential(id),
    addresses: await store.addresses(id),
    subscriptions: await store.subscriptions(id),
    flags: await store.flagTable(id),
    summaries: (await drain(store.summaries(id, contents, new Float64Array(contents.length)))).flat(),
    mailboxes,
    entries,
    gone,
  }
}

export function maintenanceSuite(current: () => OpenStore): void {
  test('content goes once no entry and no young tombstone names it, and its references with it', async () => {
    const { store } = current()
    const { id, inbox, other } = await place(store)
    await store.append(id, inbox, [withBlob('1'), withBlob('2'), withBlob('3')], NO_LIMIT)
    await store.copy(id, inbox, uidsFrom(2), other, NO_LIMIT)
    const [first, second] = await allEntries(store, id, inbox)
    await expungeAll(store, id, inbox, uidsFrom(1, 2))
    const all = [blob('1'), blob('2'), blob('3')]
    await store.collect({ tombstoneAge: 90 * DAY, contentAge: 14 * DAY })
    expect(await store.referencedBlobs(all)).toEqual(new Set(all))
    expect((await store.expungedEntries(id, inbox, uidsFrom(1, 2))).length).toBe(2)
    const { contents } = await store.collect({ tombstoneAge: 90 * DAY, contentAge: -DAY })
    expect(contents).toBe(1)
    expect(await store.referencedBlobs(all)).toEqual(new Set([blob('2'), blob('3')]))
    expect(await sourceOf(store, id, first?.content ?? 1)).toBeUndefined()
    expect(await sourceOf(store, id, second?.content ?? 1)).toBeDefined()
    expect([...(await store.expungedEntries(id, inbox, uidsFrom(1, 2))).uids]).toEqual([2])
    expect(await drain(store.check({ repair: false }))).toEqual([])
  })

  test('old tombstones go, and purgedModseq says so', async () => {
    const { store } = current()
    const { id, inbox } = await place(store)
    await store.append(id, inbox, samples(400), NO_LIMIT)
    await expungeAll(store, id, inbox, uidRange(1, 399))
    const before = await store.mailbox(id, inbox)
    await store.collect({ tombstoneAge: DAY, contentAge: DAY })
    expect(await store.mailbox(id, inbox)).toEqual(before)
    const { tombstones } = await store.collect({ tombstoneAge: -DAY, contentAge: -DAY })
    expect(tombstones).toBeGreaterThan(0)
    expect(await store.mailbox(id, inbox)).toEqual({ ...before, purgedModseq: before?.highestModseq })
    expect((await store.expungedSince(id, inbox, modSeq(0), before?.highestModseq ?? modSeq(0))).length).toBe(
      0,
    )
    expect(await allEntries(store, id, inbox)).toHaveLength(1)
  })

  test('content goes though its entry was expunged at a time that a round before had collected', async () => {
    const { store } = current()
    const { id, inbox } = await place(store)
    const everything = { tombstoneAge: -DAY, contentAge: -DAY }
    await store.append(id, inbox, samples(2), NO_LIMIT)
    await expungeAll(store, id, inbox, uidsFrom(1))
    expect(await store.collect(everything)).toMatchObject({ contents: 1 })
    // Its time is earlier than that round's, as that of a change is which was under way then.
    await expungeAll(store, id, inbox, uidsFrom(2))
    expect(await store.collect(everything)).toMatchObject({ contents: 1 })
    expect(await drain(store.check({ repair: false }))).toEqual([])
  })

  test('content goes before the tombstone that tells of it, also where tombstones are kept for less time', async () => {
    const { store } = current()
    const { id, inbox } = await place(store)
    await store.append(id, inbox, samples(2), NO_LIMIT)
    await expungeAll(store, id, inbox, uidsFrom(1))
    expect(await store.collect({ tombstoneAge: -DAY, contentAge: DAY })).toMatchObject({ tombstones: 0 })
    expect(await drain(store.check({ repair: false }))).toEqual([])
    expect(await store.collect({ tombstoneAge: -DAY, contentAge: -DAY })).toMatchObject({ contents: 1 })
  })

  test('a deleted mailbox keeps its content for the retention, then all of it goes', async () => {
    const { store } = current()
    const { id, other } = await place(store)
    await store.append(id, other, [withBlob('4'), ...samples(300)], NO_LIMIT)
    await store.deleteMailbox(id, path('Other'))
    expect((await store.collect({ tombstoneAge: DAY, contentAge: DAY })).mailboxes).toBe(0)
    expect(await store.referencedBlobs([blob('4')])).toEqual(new Set([blob('4')]))
    const collected = await store.collect({ tombstoneAge: DAY, contentAge: -DAY })
    expect(collected).toMatchObject({ mailboxes: 1, contents: 301 })
    expect(await store.referencedBlobs([blob('4')])).toEqual(new Set())
    expect(await drain(store.check({ repair: false }))).toEqual([])
  })

  test('of what is kept to be restored the oldest goes first where it is too much', async () => {
    const { store } = current()
    const { id, inbox, other } = await place(store)
    const { uids, cold } = await (async () => {
      await store.append(id, inbox, samples(30), NO_LIMIT)
      await store.append(id, other, [sample()], NO_LIMIT)
      await drain(store.changeFlags(id, inbox, uidRange(1, 30), { mode: 'add', flags: ['\\Deleted'] }))
      // Named elsewhere: it is kept in any case, and does not count.
      await store.copy(id, inbox, uidsFrom(30), other, NO_LIMIT)
      for (let uid = 1; uid <= 30; uid++) {
        await drain(store.expunge(id, inbox, uidsFrom(uid)))
        await sleep(2)
      }
      return store.expungedEntries(id, inbox, uidRange(1, 30))
    })()
    expect(uids.length).toBe(30)
    const sizeOf = (from: number, to: number) =>
      [...(cold?.sizes ?? [])].slice(from - 1, to).reduce((sum, size) => sum + size, 0)
    const options = { tombstoneAge: DAY, contentAge: DAY }
    const kept = async () => [...(await store.expungedEntries(id, inbox, uidRange(1, 30))).uids]
    expect(await store.collect({ ...options, contentLimit: sizeOf(1, 29) })).toMatchObject({ contents: 0 })
    // Looked at again once the account has changed.
    const octets = (await store.mailbox(id, other))?.octets ?? 0
    await store.deleteMailbox(id, path('Other'))
    expect(await store.collect({ ...options, contentLimit: octets + sizeOf(21, 29) })).toMatchObject({
      contents: 20,
    })
    expect(await kept()).toEqual(Array.from({ length: 10 }, (_, at) => at + 21))
    expect(await drain(store.check({ repair: false }))).toEqual([])
  })

  test('collecting beside writers takes nothing that is named', async () => {
    const { store } = current()
    const { id, inbox, other } = await place(store)
    await store.append(id, inbox, samples(200), NO_LIMIT)
    let done = false
    const collecting = (async () => {
      while (!done) await store.collect({ tombstoneAge: 90 * DAY, contentAge: -DAY })
    })()
    for (let round = 0; round < 30; round++) {
      await drain(
        store.move(id, round % 2 === 0 ? inbox : other, uidRange(1, 10_000), round % 2 === 0 ? other : inbox),
      )
      await store.append(id, inbox, [sample()], NO_LIMIT)
    }
    done = true
    await collecting
    expect(await drain(store.check({ repair: false }))).toEqual([])
    const [a, b] = [await allEntries(store, id, inbox), await allEntries(store, id, other)]
    expect(a.length + b.length).toBe(230)
  })

  test('a store that was opened again is the same store', async () => {
    const open = current()
    const at = await place(open.store)
    await open.store.addAddress(at.id, {
      address: 'x@y.example',
      addressKey: `x${at.id}@y.example`,
      main: true,
    })
    await open.store.append(at.id, at.inbox, samples(300, { flags: ['$Work', '\\Seen'] }), NO_LIMIT)
    await open.store.copy(at.id, at.inbox, uidRange(1, 20), at.other, NO_LIMIT)
    await expungeAll(open.store, at.id, at.inbox, uidRange(100, 140))
    await open.store.claimRecent(at.id, at.inbox, 200)
    const before = await snapshot(open.store, at)
    const store = await open.reopen()
    expect(await snapshot(store, at)).toEqual(before)
    const [next] = await store.append(at.id, at.inbox, [sample()], NO_LIMIT)
    expect(next?.uid).toBe(301)
    expect(next?.modseq).toBe((before.account?.modseq ?? 0) + 1)
  })

  test('close finishes what was accepted; what comes after is refused', async () => {
    const open = current()
    const at = await place(open.store)
    const appends = Array.from({ length: 50 }, () => open.store.append(at.id, at.inbox, [sample()], NO_LIMIT))
    const reopened = open.reopen()
    await expect(open.store.append(at.id, at.inbox, [sample()], NO_LIMIT)).rejects.toMatchObject({
      code: 'unavailable',
    })
    await Promise.all(appends)
    expect(await allEntries(await reopened, at.id, at.inbox)).toHaveLength(50)
  })

  test('ping succeeds while the store can be written', async () => {
    await expect(current().store.ping()).resolves.toBeUndefined()
  })
}
