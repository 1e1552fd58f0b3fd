// COPY, MOVE and EXPUNGE, as src/store/messages.ts promises them.

import { expect, test } from 'vitest'
import { modSeq } from '../../model/ids.js'
import type { NewMessage } from '../messages.js'
import type { Store } from '../store.js'
import {
  allEntries,
  drain,
  NO_LIMIT,
  place,
  type SampleOptions,
  type SeenEntry,
  sample,
  samples,
  seenEntries,
  sourceOf,
  uidRange,
  uidsFrom,
} from './samples.js'

const dateOf = (n: number): number => 1_000_000_000_000 + n * 1000

/** Each with a date of its own. */
const dated = (count: number, options: SampleOptions = {}): NewMessage[] =>
  Array.from({ length: count }, (_, n) => sample({ text: `message ${n}`, at: dateOf(n), ...options }))

/** What goes with a message wherever it is copied. */
const keptOf = ({ content, flags, size, date, zone }: SeenEntry) => ({ content, flags, size, date, zone })

export function movingSuite(current: () => Store): void {
  test('COPY keeps flags, date and content; the new UIDs are in the order of the old', async () => {
    const store = current()
    const { id, inbox, other } = await place(store)
    await store.append(id, inbox, dated(300, { flags: ['\\Seen', '$Work'] }), NO_LIMIT)
    await store.append(id, other, samples(1), NO_LIMIT)
    const copied = await store.copy(id, inbox, uidsFrom(5, 2, 290, 4000), other, NO_LIMIT)
    expect([...copied.from]).toEqual([2, 5, 290])
    expect([...copied.to]).toEqual([2, 3, 4])
    const source = await allEntries(store, id, inbox)
    const target = await allEntries(store, id, other)
    const wanted = source.filter(({ uid }) => [2, 5, 290].includes(uid))
    expect(wanted.map(({ date, zone }) => [date, zone])).toEqual([1, 4, 289].map((n) => [dateOf(n), 60]))
    expect(target.slice(1).map(keptOf)).toEqual(wanted.map(keptOf))
    expect((await store.mailbox(id, inbox))?.highestModseq).toBeLessThan(copied.modseq)
    expect(await store.mailbox(id, other)).toMatchObject({
      messages: 4,
      unseen: 1,
      highestModseq: copied.modseq,
    })
  })

  test('COPY is all or nothing', async () => {
    const store = current()
    const { id, inbox, other } = await place(store)
    const size = sample().parsed.size
    await store.append(id, inbox, [sample(), sample(), sample()], NO_LIMIT)
    const before = await store.account(id)
    await expect(store.copy(id, inbox, uidRange(1, 3), other, 5 * size)).rejects.toMatchObject({
      code: 'quota-exceeded',
    })
    expect(await store.account(id)).toEqual(before)
    expect(await allEntries(store, id, other)).toEqual([])
    const nothing = await store.copy(id, inbox, uidsFrom(70), other, 5 * size)
    expect([...nothing.to]).toEqual([])
    expect(await store.account(id)).toEqual(before)
  })

  test('MOVE leaves tombstones, also within one mailbox', async () => {
    const store = current()
    const { id, inbox, other } = await place(store)
    await store.append(id, inbox, dated(300), NO_LIMIT)
    const used = (await store.account(id))?.storageUsed
    const before = await allEntries(store, id, inbox)
    const there = await drain(store.move(id, inbox, uidRange(100, 400), other))
    expect(there.flatMap(({ from }) => [...from])).toEqual([...uidRange(100, 300)])
    expect(there.flatMap(({ to }) => [...to])).toEqual([...uidRange(1, 201)])
    const moved = await allEntries(store, id, other)
    expect(moved.map(keptOf)).toEqual(before.slice(99).map(keptOf))
    const box = await store.mailbox(id, inbox)
    expect(box).toMatchObject({ messages: 99, uidNext: 301, highestModseq: there.at(-1)?.modseq })
    expect([...(await store.expungedSince(id, inbox, modSeq(0), box?.highestModseq ?? modSeq(0)))]).toEqual([
      ...uidRange(100, 300),
    ])
    const within = await drain(store.move(id, inbox, uidsFrom(1, 99), inbox))
    expect(within.flatMap(({ to }) => [...to])).toEqual([301, 302])
    expect((await allEntries(store, id, inbox)).map(({ uid }) => uid)).toEqual([...uidRange(2, 98), 301, 302])
    expect((await store.account(id))?.storageUsed).toBe(used)
  })

  test('EXPUNGE takes what bears \\Deleted, and its content stays readable', async () => {
    const store = current()
    const { id, inbox } = await place(store)
    await store.append(id, inbox, samples(200), NO_LIMIT)
    await drain(store.changeFlags(id, inbox, uidsFrom(3, 150, 151), { mode: 'add', flags: ['\\Deleted'] }))
    const before = await allEntries(store, id, inbox)
    const some = await drain(store.expunge(id, inbox, uidsFrom(2, 3, 150)))
    expect(some.flatMap(({ uids }) => [...uids])).toEqual([3, 150])
    const rest = await drain(store.expunge(id, inbox))
    expect(rest.flatMap(({ uids }) => [...uids])).toEqual([151])
    expect(await drain(store.expunge(id, inbox))).toEqual([])
    const left = await allEntries(store, id, inbox)
    expect(left).toEqual(before.filter(({ uid }) => ![3, 150, 151].includes(uid)))
    expect(await store.mailbox(id, inbox)).toMatchObject({
      messages: 197,
      deleted: 0,
      highestModseq: rest[0]?.modseq,
    })
    const gone = await store.expungedEntries(id, inbox, uidsFrom(2, 151, 3))
    expect(seenEntries(gone).map(({ uid, content }) => [uid, content])).toEqual([
      [3, before[2]?.content],
      [151, before[150]?.content],
    ])
    expect([
      ...(await store.expungedSince(
        id,
        inbox,
        some.at(-1)?.modseq ?? modSeq(0),
        rest.at(-1)?.modseq ?? modSeq(0),
      )),
    ]).toEqual([151])
    expect(await sourceOf(store, id, before[2]?.content ?? 1)).toBeDefined()
  })
}
