// `check` finds what was broken behind the store's back, `--repair` mends what follows from the index, and what it mended is
// found no more. Each engine breaks its own data, in its own terms.

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Finding } from '../maintenance.js'
import type { Store } from '../store.js'
import { drain, mailboxNamed, NO_LIMIT, newAccount, sample, samples } from './samples.js'

/** The account is the first of the store; INBOX is its mailbox 1 and has 201 messages; the last refers to a blob. */
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

/** A store with some mail, broken, and what `check` says of it. */
export async function findingsAfter(
  engine: DamageEngine,
  damage: Damage,
  repair: boolean,
): Promise<Finding[][]> {
  const store = await engine.begin()
  const { id } = await newAccount(store)
  const inbox = await mailboxNamed(store, id, 'INBOX')
  await store.append(id, inbox.id, [...samples(200), sample({ cuts: [cut], flags: ['$Work'] })], NO_LIMIT)
  expect(await drain(store.check({ repair: false }))).toEqual([])
  const broken = await engine.breakIt(store, damage)
  try {
    return [await drain(broken.check({ repair })), await drain(broken.check({ repair: false }))]
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
  })
}
