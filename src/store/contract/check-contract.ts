// `check` finds what was broken behind the store's back, `--repair` mends what follows from the index, and what it mended is
// found no more. Nothing goes, by it or by the collector, that what is broken may have named. Each engine breaks its own
// data, in its own terms.

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { CollectOptions, Finding } from '../maintenance.js'
import type { NewMessage } from '../messages.js'
import type { Store } from '../store.js'
import { drain, NO_LIMIT, type Place, place, sample, samples, sourceOf } from './samples.js'

/**
 * The account is the first of the store; INBOX is its mailbox 1 and has 201 messages; the last refers to a blob. One behind
 * them was expunged.
 */
export type Damage = (typeof MENDED)[number][0] | (typeof FOUND)[number][0]

/** With the kind of what is found. */
const MENDED = [
  ['counters', 'counters'],
  ['quota', 'quota'],
  ['a uidNext below a UID', 'uidnext'],
  ['a highestModseq below an entry', 'modseq'],
  ['a maxModseq below an entry', 'modseq'],
  ['an account modseq below a mailbox', 'modseq'],
  ['numbers that would be given again', 'numbers'],
  ['a missing reference', 'references'],
  ['a reference of a content that is not there', 'references'],
  ['a content that nobody names', 'orphan'],
] as const

const FOUND = [
  ['a content that is missing', 'content'],
  ['a summary that is missing', 'content'],
  ['a source that is missing', 'content'],
  ['a source of another size', 'content'],
  ['a trace of another size', 'content'],
  ['a chunk with one half', 'index'],
  ['a chunk that cannot be read', 'index'],
  ['a cold half that cannot be read', 'index'],
  ['a tombstone that cannot be read', 'index'],
  ['an entry that names another content', 'content'],
  ['an entry that names the content of another', 'content'],
  ['UIDs out of order', 'index'],
  ['a keyword without a name', 'keywords'],
] as const

export interface DamageEngine {
  readonly name: string
  prepare(): Promise<void>
  /** A new, empty store. */
  begin(): Promise<Store>
  /** Closes the store, breaks what it keeps, and opens it again. */
  breakIt(store: Store, damage: Damage): Promise<Store>
  dispose(): Promise<void>
}

const cut = { at: 9, length: 100, blob: 'a'.repeat(64), blobSize: 100, form: { kind: 'identity' } } as const

/** Swaps the first two UIDs of a chunk, in both its halves. */
export function swapUids(hot: Uint8Array, cold: Uint8Array): void {
  for (const [entries, header, width] of [
    [hot, 4, 8],
    [cold, 8, 25],
  ] as const) {
    entries[header] = 2
    entries[header + width] = 1
  }
}

/** Lets the eleventh entry of a chunk name another content. */
export function rename(cold: Uint8Array, content: number): void {
  new DataView(cold.buffer, cold.byteOffset).setUint32(8 + 10 * 25 + 20, content, true)
}

const DAY = 86_400_000
const DELETED: NewMessage = sample({ flags: ['\\Deleted'] })

/** The account that is to be broken, with some mail. */
async function filled(store: Store): Promise<Place> {
  const at = await place(store)
  const messages = [...samples(200), sample({ cuts: [cut], flags: ['$Work'] }), DELETED]
  await store.append(at.id, at.inbox, messages, NO_LIMIT)
  await drain(store.expunge(at.id, at.inbox))
  return at
}

/** What `check` says of a store with some mail, broken. */
export async function findingsAfter(
  engine: DamageEngine,
  damage: Damage,
  repair: boolean,
): Promise<Finding[][]> {
  const store = await engine.begin()
  await filled(store)
  expect(await drain(store.check({ repair: false }))).toEqual([])
  const broken = await engine.breakIt(store, damage)
  try {
    return [await drain(broken.check({ repair })), await drain(broken.check({ repair: false }))]
  } finally {
    await broken.close()
  }
}

/** Of all that the account ever had, what can be read. */
async function contentsOf(store: Store, { id }: Place): Promise<number[]> {
  const all = Array.from({ length: 202 }, (_, at) => at + 1)
  const sources = await Promise.all(all.map((content) => sourceOf(store, id, content).catch(String)))
  return all.filter((_, at) => sources[at] !== undefined)
}

/** A round in which the contents of what was expunged fall due, also where that is found out by their sizes. */
async function collectExpunged(engine: DamageEngine, damage: Damage, options: CollectOptions): Promise<void> {
  const store = await engine.begin()
  const at = await filled(store)
  const next = await place(store)
  const [appended] = await store.append(next.id, next.inbox, [DELETED], NO_LIMIT)
  await drain(store.expunge(next.id, next.inbox))
  const broken = await engine.breakIt(store, damage)
  try {
    const before = await contentsOf(broken, at)
    const { passedOver, ...dropped } = await broken.collect(options)
    expect(passedOver).toMatchObject([{ account: at.id, error: { code: 'corrupt' } }])
    expect(dropped).toMatchObject({ contents: 1, tombstones: 0 })
    expect(await contentsOf(broken, at)).toEqual(before)
    expect(await sourceOf(broken, next.id, appended?.content ?? 1)).toBeUndefined()
  } finally {
    await broken.close()
  }
}

export function checkContract(engine: DamageEngine): void {
  describe(`check on ${engine.name}`, () => {
    beforeAll(() => engine.prepare())
    afterAll(() => engine.dispose())

    test.each(MENDED)('mends %s', async (damage, kind) => {
      const [found = [], left] = await findingsAfter(engine, damage, true)
      expect(found.map((finding) => finding.kind)).toContain(kind)
      for (const finding of found) expect(finding.repaired, finding.problem).toBeDefined()
      expect(left).toEqual([])
    })

    test.each(FOUND)('finds %s, and does not touch it', async (damage, kind) => {
      const [found = [], again] = await findingsAfter(engine, damage, false)
      expect(found.map((finding) => finding.kind)).toContain(kind)
      expect(again).toEqual(found)
      for (const { where } of found) expect(where).toMatch(/account 1/)
    })

    test.each(FOUND)('lets no content go for %s', async (damage) => {
      const store = await engine.begin()
      const at = await filled(store)
      const broken = await engine.breakIt(store, damage)
      try {
        const before = await contentsOf(broken, at)
        const found = await drain(broken.check({ repair: true }))
        expect(found.filter(({ repaired }) => repaired === 'deleted')).toEqual([])
        expect(await contentsOf(broken, at)).toEqual(before)
      } finally {
        await broken.close()
      }
    })

    test('a recount tells what was kept and what is there, and keeps that', async () => {
      const store = await engine.begin()
      const { id } = await filled(store)
      const used = async (of: Store) => (await of.account(id))?.storageUsed
      const storageUsed = await used(store)
      const broken = await engine.breakIt(store, 'quota')
      try {
        const previous = await used(broken)
        expect(previous).not.toBe(storageUsed)
        expect(await broken.recountStorage(id)).toEqual({ previous, storageUsed })
        expect(await used(broken)).toBe(storageUsed)
      } finally {
        await broken.close()
      }
    })

    test('a migration stops at a chunk with one half, and does not send to a repair that there is not', async () => {
      const store = await engine.begin()
      const { id } = await filled(store)
      const broken = await engine.breakIt(store, 'a chunk with one half')
      const problem = {
        code: 'corrupt',
        message: expect.stringMatching(/chunk 1 of mailbox 1 .* from a backup$/),
      }
      try {
        await expect(drain(broken.dumpIndex(id))).rejects.toMatchObject(problem)
      } finally {
        await broken.close()
      }
    })

    test.each([
      ['a chunk with one half', { contentAge: -DAY }],
      ['a cold half that cannot be read', { contentAge: -DAY }],
      ['a cold half that cannot be read', { contentAge: DAY, contentLimit: 0 }],
      ['a tombstone that cannot be read', { contentAge: DAY, contentLimit: 0 }],
    ] as const)(
      'the collector passes over an account with %s, and goes on with the next: %o',
      (damage, options) => collectExpunged(engine, damage, { tombstoneAge: DAY, ...options }),
    )
  })
}
