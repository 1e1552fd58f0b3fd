// A mailbox is read without a snapshot (docs/adr/0005) while others change it and the collector forgets what was expunged:
// nothing is missed. The variant that loses mail stands beside it.

import { afterAll, beforeAll, expect, test } from 'vitest'
import { readChanges } from '../../src/mail/changes.js'
import type { Services } from '../../src/mail/services.js'
import { FLAG_WORDS } from '../../src/model/flags.js'
import type { MailboxId, ModSeq } from '../../src/model/ids.js'
import { mutate, type Place, place, type Random } from '../../src/store/contract/random-changes.js'
import { allEntries, NO_LIMIT, randomFrom, samples } from '../../src/store/contract/samples.js'
import type { Store } from '../../src/store/store.js'
import { type OpenServices, openServices } from '../support/services.js'

const SEED = Number(process.env['SEED'] ?? Math.floor(Math.random() * 1_000_000))

let services: OpenServices
beforeAll(async () => {
  services = await openServices()
})
afterAll(() => services.close())

/** What a session knows of a mailbox: modseq and flags of each UID. */
class View {
  token = 0 as ModSeq
  entries = new Map<number, string>()
}

interface Reading {
  readonly services: Services
  readonly place: Place
  readonly mailbox: MailboxId
  /** The variant that loses mail: entries above the token are left out. */
  readonly bounded: boolean
}

const PAGE_UIDS = 40

/** The store, read in pages of a few UIDs; `meanwhile` runs between any two steps of the reader. */
const disturbed = (store: Store, meanwhile: () => Promise<void>): Store => ({
  ...store,
  async mailbox(...args) {
    await meanwhile()
    return store.mailbox(...args)
  },
  async *entries(account, mailbox, { to = 0, ...query }) {
    for (let from = 1; from <= to; from += PAGE_UIDS) {
      await meanwhile()
      yield* store.entries(account, mailbox, { ...query, from, to: Math.min(from + PAGE_UIDS - 1, to) })
    }
  },
  async expungedSince(...args) {
    await meanwhile()
    return store.expungedSince(...args)
  },
})

async function catchUp(view: View, { services: of, place: at, mailbox, bounded }: Reading): Promise<void> {
  const { token, startOver, entries, expunged } = await readChanges(of, at.id, mailbox, view.token)
  if (startOver) view.entries.clear()
  entries.uids.forEach((uid, n) => {
    const modseq = entries.modseqs[n] ?? 0
    if (bounded && modseq > token) return
    view.entries.set(uid, `${modseq}: ${entries.flags.subarray(n * FLAG_WORDS, (n + 1) * FLAG_WORDS)}`)
  })
  for (const uid of expunged) view.entries.delete(uid)
  view.token = token
}

/** What is there, as a view has it. */
async function truth({ place: { store, id }, mailbox }: Reading): Promise<[number, string][]> {
  return (await allEntries(store, id, mailbox)).map(({ uid, modseq, flags }) => [uid, `${modseq}: ${flags}`])
}

const sorted = (view: View): [number, string][] => [...view.entries].toSorted(([a], [b]) => a - b)

/**
 * True where a round loses mail: a message that was there before it and is there after it is not in the view, or comes into
 * it below one that was seen before, where IMAP has no place for it any more.
 */
async function loses(view: View, reading: Reading): Promise<boolean> {
  const highest = Math.max(0, ...view.entries.keys())
  const known = new Set(view.entries.keys())
  const before = await truth(reading)
  await catchUp(view, reading)
  const after = new Map(await truth(reading))
  const hidden = before.some(([uid]) => after.has(uid) && !view.entries.has(uid))
  return hidden || [...view.entries.keys()].some((uid) => uid < highest && !known.has(uid))
}

async function mutateOften(at: Place, random: Random): Promise<void> {
  for (let n = 0; n < 4; n++) await mutate(at, random, 130)
}

/** Reads a busy mailbox some times, then once more when it is quiet. */
async function losesMail(seed: number, bounded: boolean): Promise<boolean> {
  const random = randomFrom(seed)
  const at = await place(services.store)
  const [mailbox] = at.boxes
  await at.store.append(at.id, mailbox, samples(100), NO_LIMIT)
  const view = new View()
  const quiet: Reading = { services, place: at, mailbox, bounded }
  const store = disturbed(services.store, () => mutateOften(at, random))
  const busy: Reading = { ...quiet, services: { ...services, store } }
  for (let round = 0; round < 4; round++) if (await loses(view, busy)) return true
  if (await loses(view, quiet)) return true
  return JSON.stringify(sorted(view)) !== JSON.stringify(await truth(quiet))
}

const TOGETHER = 15
/** Milliseconds for the long ones, on a machine that does much else. */
const LONG = 240_000

/** The seeds that lose mail, of runs that know nothing of each other, a few at a time: where a commit takes long, they share it. */
async function losing(runs: number, bounded: boolean): Promise<number[]> {
  const lost: number[] = []
  for (let n = 0; n < runs; n += TOGETHER) {
    const seeds = Array.from({ length: TOGETHER }, (_, at) => SEED + n + at)
    const results = await Promise.all(seeds.map((seed) => losesMail(seed, bounded)))
    lost.push(...seeds.filter((_, at) => results[at]))
  }
  return lost
}

test(
  `reading without a snapshot misses nothing (60 runs from seed ${SEED})`,
  async () => expect(await losing(60, false)).toEqual([]),
  LONG,
)

test(
  `bounding entries by modseq loses mail (seed ${SEED})`,
  // About half of them do; none would mean that the test above proves nothing.
  async () => expect((await losing(30, true)).length).toBeGreaterThan(0),
  LONG,
)

test(`what changed since any token leads to what is there (seed ${SEED})`, async () => {
  const random = randomFrom(SEED)
  const at = await place(services.store)
  const [mailbox] = at.boxes
  const reading: Reading = { services, place: at, mailbox, bounded: false }
  const views: View[] = []
  for (let round = 0; round < 40; round++) {
    await mutate(at, random, 60)
    const view = new View()
    await catchUp(view, reading)
    views.push(view)
  }
  for (const view of views) {
    await catchUp(view, reading)
    expect(sorted(view)).toEqual(await truth(reading))
  }
})
