// Eight writers at once, and readers among them: UIDs, modseqs and counters, and reading without a snapshot (idea 2 of
// docs/architecture.md), with the variant that loses mail beside it.

import { expect, test } from 'vitest'
import type { AccountId, MailboxId, ModSeq } from '../../model/ids.js'
import type { Store } from '../store.js'
import {
  allEntries,
  drain,
  mailboxNamed,
  NO_LIMIT,
  newAccount,
  randomFrom,
  type SeenEntry,
  sample,
  samples,
  uidsFrom,
} from './samples.js'

type Random = (below: number) => number

interface Place {
  readonly store: Store
  readonly id: AccountId
  readonly boxes: readonly [MailboxId, MailboxId]
}

async function place(store: Store): Promise<Place> {
  const { id } = await newAccount(store)
  return {
    store,
    id,
    boxes: [(await mailboxNamed(store, id, 'INBOX')).id, (await mailboxNamed(store, id, 'Other')).id],
  }
}

/** One change at random, somewhere among the first `span` UIDs. */
async function mutate({ store, id, boxes }: Place, random: Random, span: number): Promise<void> {
  const from = boxes[random(2)] ?? boxes[0]
  const to = boxes[random(2)] ?? boxes[1]
  const uids = uidsFrom(...new Set(Array.from({ length: 1 + random(5) }, () => 1 + random(span))))
  const flag = ['\\Seen', '\\Deleted', '\\Flagged', '$Work'][random(4)] ?? '\\Seen'
  const mode = random(2) === 0 ? 'add' : 'remove'
  const kind = random(10)
  if (kind < 4) await store.append(id, from, samples(1 + random(2), { flags: [flag] }), NO_LIMIT)
  else if (kind < 6) await drain(store.changeFlags(id, from, uids, { mode, flags: [flag] }))
  else if (kind < 7) await store.copy(id, from, uids, to, NO_LIMIT)
  else if (kind < 8) await drain(store.move(id, from, uids, to))
  else await drain(store.expunge(id, from))
}

/** What a session knows of a mailbox. */
class View {
  token = 0 as ModSeq
  entries = new Map<number, SeenEntry>()
}

interface Reading {
  readonly place: Place
  readonly mailbox: MailboxId
  /** Runs between any two steps of the reader. */
  readonly meanwhile: () => Promise<void>
  /** The variant that loses mail: entries above the token are left out. */
  readonly bounded: boolean
}

const PAGE_UIDS = 40

/** An empty view has nothing that a forgotten expunge could leave in it. */
function startOver(view: View): void {
  view.token = 0 as ModSeq
  view.entries.clear()
}

/** Brings a view up to date by the rule of idea 2, in pages of a few UIDs. */
async function catchUp(view: View, { place, mailbox, meanwhile, bounded }: Reading): Promise<void> {
  const { store, id } = place
  const box = await store.mailbox(id, mailbox)
  if (box === undefined) throw new Error('the mailbox is not there')
  if (view.token < box.purgedModseq) startOver(view)
  const found = new Map<number, SeenEntry>()
  for (let from = 1; from < box.uidNext; from += PAGE_UIDS) {
    await meanwhile()
    const to = Math.min(from + PAGE_UIDS, box.uidNext) - 1
    for await (const page of store.entries(id, mailbox, { since: view.token, from, to, cold: true }))
      page.entries.uids.forEach((uid, at) => {
        const modseq = page.entries.modseqs[at] ?? 0
        if (bounded && modseq > box.highestModseq) return
        const flags = [...page.entries.flags.subarray(at * 4, at * 4 + 4)]
        found.set(uid, {
          uid: uid as never,
          modseq,
          flags,
          content: page.entries.cold?.contents[at] ?? 0,
          size: 0,
        })
      })
  }
  await meanwhile()
  const gone = await store.expungedSince(id, mailbox, view.token, box.highestModseq)
  await meanwhile()
  const again = await store.mailbox(id, mailbox)
  if (view.token < (again?.purgedModseq ?? 0) && view.entries.size > 0) {
    startOver(view)
    return catchUp(view, { place, mailbox, meanwhile, bounded })
  }
  for (const [uid, entry] of found) view.entries.set(uid, entry)
  for (const uid of gone) view.entries.delete(uid)
  view.token = box.highestModseq
}

const uidsOf = async ({ store, id }: Place, mailbox: MailboxId): Promise<Set<number>> =>
  new Set((await allEntries(store, id, mailbox)).map(({ uid }) => uid))

/**
 * True where a round loses mail: a message that was there before it and is there after it is not in the view, or comes into
 * it below one that was seen before, where IMAP has no place for it any more.
 */
async function loses(view: View, reading: Reading): Promise<boolean> {
  const highest = Math.max(0, ...view.entries.keys())
  const known = new Set(view.entries.keys())
  const before = await uidsOf(reading.place, reading.mailbox)
  await catchUp(view, reading)
  const after = await uidsOf(reading.place, reading.mailbox)
  const hidden = [...before].some((uid) => after.has(uid) && !view.entries.has(uid))
  return hidden || [...view.entries.keys()].some((uid) => uid < highest && !known.has(uid))
}

/** True where the view is exactly what the store has. */
async function isTruth(view: View, { place, mailbox }: Reading): Promise<boolean> {
  const truth = await allEntries(place.store, place.id, mailbox)
  return (
    truth.length === view.entries.size &&
    truth.every(({ uid, modseq, flags, content }) => {
      const seen = view.entries.get(uid)
      return seen?.modseq === modseq && seen.content === content && seen.flags.join() === flags.join()
    })
  )
}

async function mutateOften(at: Place, random: Random): Promise<void> {
  for (let n = 0; n < 4; n++) await mutate(at, random, 130)
}

/** Reads a busy mailbox some times, then once more when it is quiet. */
async function losesMail(store: Store, seed: number, bounded: boolean): Promise<boolean> {
  const random = randomFrom(seed)
  const at = await place(store)
  const [mailbox] = at.boxes
  await store.append(at.id, mailbox, samples(100), NO_LIMIT)
  const view = new View()
  const busy: Reading = { place: at, mailbox, bounded, meanwhile: () => mutateOften(at, random) }
  for (let round = 0; round < 4; round++) if (await loses(view, busy)) return true
  const quiet = { ...busy, meanwhile: async () => {} }
  return (await loses(view, quiet)) || !(await isTruth(view, quiet))
}

const TOGETHER = 15
/** Milliseconds for the long ones, on a machine that does much else. */
const LONG = 240_000

/** Runs that know nothing of each other, a few at a time: where a commit takes long, they share it. */
async function inTurns<T>(runs: number, run: (n: number) => Promise<T>): Promise<T[]> {
  const results: T[] = []
  for (let n = 0; n < runs; n += TOGETHER)
    results.push(...(await Promise.all(Array.from({ length: TOGETHER }, (_, at) => run(n + at)))))
  return results
}

async function expectNoFindings(store: Store): Promise<void> {
  expect(await drain(store.check({ repair: false }))).toEqual([])
}

export function concurrencySuite(current: () => Store, seed: number): void {
  test('eight writers of one mailbox get each UID once, ascending with the modseq', async () => {
    const store = current()
    const { id, boxes } = await place(store)
    const [inbox] = boxes
    const answers = await Promise.all(
      Array.from({ length: 8 }, async () => {
        const own = []
        for (let n = 0; n < 50; n++) own.push(...(await store.append(id, inbox, [sample()], NO_LIMIT)))
        return own
      }),
    )
    for (const own of answers) expect(own).toEqual(own.toSorted((a, b) => a.uid - b.uid))
    const all = answers.flat().toSorted((a, b) => a.uid - b.uid)
    expect(all.map(({ uid }) => uid)).toEqual(Array.from({ length: 400 }, (_, n) => n + 1))
    const modseqs = all.map(({ modseq }) => modseq)
    expect(modseqs).toEqual(modseqs.toSorted((a, b) => a - b))
    expect(new Set(modseqs).size).toBe(400)
    expect(new Set(all.map(({ content }) => content)).size).toBe(400)
    expect(await store.mailbox(id, inbox)).toMatchObject({
      messages: 400,
      uidNext: 401,
      highestModseq: modseqs.at(-1),
    })
    expect((await store.account(id))?.modseq).toBe(modseqs.at(-1))
  })

  test(`eight writers of everything: counters and quota equal a recount (seed ${seed})`, async () => {
    const store = current()
    const places = [await place(store), await place(store)]
    await Promise.all(
      Array.from({ length: 8 }, async (_, writer) => {
        const random = randomFrom(seed + writer)
        for (let n = 0; n < 60; n++) await mutate(places[random(2)] ?? (places[0] as Place), random, 120)
      }),
    )
    for (const { id, boxes } of places) {
      const kept = await store.account(id)
      expect(await store.recountStorage(id)).toEqual({
        previous: kept?.storageUsed,
        storageUsed: kept?.storageUsed,
      })
      for (const mailbox of boxes) {
        const entries = await allEntries(store, id, mailbox)
        const box = await store.mailbox(id, mailbox)
        const flagged = (bit: number) => entries.filter(({ flags }) => ((flags[0] ?? 0) & bit) !== 0).length
        expect(box).toMatchObject({
          messages: entries.length,
          unseen: entries.length - flagged(8),
          deleted: flagged(4),
          octets: entries.reduce((sum, { size }) => sum + size, 0),
        })
        expect(Math.max(0, ...entries.map(({ modseq }) => modseq))).toBeLessThanOrEqual(
          box?.highestModseq ?? 0,
        )
      }
    }
    await expectNoFindings(store)
  })

  test(
    `reading without a snapshot misses nothing (60 runs from seed ${seed})`,
    async () => {
      const runs = await inTurns(60, async (run) => [
        seed + run,
        await losesMail(current(), seed + run, false),
      ])
      expect(runs.filter(([, lost]) => lost)).toEqual([])
    },
    LONG,
  )

  test(
    `bounding entries by modseq loses mail (seed ${seed})`,
    async () => {
      const runs = await inTurns(30, (run) => losesMail(current(), seed + run, true))
      // About half of them do; none would mean that the test above proves nothing.
      expect(runs.filter((lost) => lost).length).toBeGreaterThan(0)
    },
    LONG,
  )

  test('what changed since any token leads to what is there', async () => {
    const random = randomFrom(seed)
    const at = await place(current())
    const [mailbox] = at.boxes
    const views: View[] = []
    const quiet: Reading = { place: at, mailbox, bounded: false, meanwhile: async () => {} }
    for (let round = 0; round < 40; round++) {
      await mutate(at, random, 60)
      const view = new View()
      await catchUp(view, quiet)
      views.push(view)
    }
    const last = views.at(-1)
    for (const view of views) {
      await catchUp(view, quiet)
      expect([...view.entries].toSorted(([a], [b]) => a - b)).toEqual(
        [...(last?.entries ?? [])].toSorted(([a], [b]) => a - b),
      )
    }
  })
}
