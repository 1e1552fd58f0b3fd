// The packed index as documents, read and changed inside a mutation: chunks, tombstones, and the counters that follow from
// them. docs/adr/0001.

import { type ChunkRun, joinValues, packRuns, takeOut } from '../chunk-values.js'
import { type FullColumns, tally } from '../columns.js'
import {
  type ChunkDocument,
  chunkKey,
  chunkKeys,
  keyBehind,
  type MailboxDocument,
  tombstoneKey,
} from './schema.js'
import type { Key, Unit } from './unit.js'

/** The chunks of a mailbox, for a mutation that knows which it will need. */
export const chunkNeeds = (account: number, mailbox: number, chunks: readonly number[]): Key[] =>
  chunks.map((chunk) => ({ kind: 'chunk', id: chunkKey(account, mailbox, chunk) }))

/** In the order of `chunks`; undefined where the mailbox has no entries there. */
export const loadChunks = (
  unit: Unit,
  { account, mailbox }: MailboxDocument,
  chunks: readonly number[],
): Promise<(ChunkDocument | undefined)[]> =>
  unit.getAll(
    'chunk',
    chunks.map((chunk) => chunkKey(account, mailbox, chunk)),
  )

/** Chunks of one command: some 1 MB. */
const PAGE = 128

/** All chunks of a mailbox in order, in pages: only to be looked at, not to be changed. */
export async function* chunksOf(
  unit: Unit,
  { account, mailbox }: Readonly<MailboxDocument>,
): AsyncIterable<Readonly<ChunkDocument>> {
  const { from: first, to } = chunkKeys(account, mailbox)
  for (let from = first; ; ) {
    const page = await unit.look('chunk', from, to, PAGE)
    yield* page
    const last = page.at(-1)
    if (last === undefined || page.length < PAGE) return
    from = keyBehind(last._id)
  }
}

/**
 * Puts entries, whose UIDs are above all that the mailbox has and which bear `modseq`, at its end; counts them. Returns their
 * octets.
 */
export async function appendEntries(
  unit: Unit,
  box: MailboxDocument,
  columns: FullColumns,
  modseq: number,
): Promise<number> {
  for (const run of packRuns(columns)) await appendToChunk(unit, box, run, modseq)
  box.highest_modseq = modseq
  return tally(box, columns, 1)
}

async function appendToChunk(unit: Unit, box: MailboxDocument, run: ChunkRun, modseq: number): Promise<void> {
  const { account, mailbox } = box
  const { chunk, hot, cold } = run
  const _id = chunkKey(account, mailbox, chunk)
  const before = run.begins ? undefined : await unit.get('chunk', _id)
  if (before === undefined) {
    unit.insert('chunk', { _id, account, mailbox, chunk, max_modseq: modseq, hot, cold })
    return
  }
  Object.assign(before, joinValues(before, run))
  before.max_modseq = modseq
}

/**
 * Takes the entries marked in `take` out of a chunk, leaves their tombstone and uncounts them. `max_modseq` stays: it never
 * falls, and the tombstone has the new one.
 */
export function removeEntries(
  unit: Unit,
  box: MailboxDocument,
  document: ChunkDocument,
  take: Uint8Array,
  modseq: number,
): FullColumns {
  const { account, mailbox } = box
  const { chunk } = document
  const { kept, taken, columns } = takeOut(chunk, document, take)
  if (columns.length === 0) return columns
  const _id = tombstoneKey(account, mailbox, modseq, chunk)
  unit.insert('tombstone', { _id, account, mailbox, chunk, modseq, expunged_at: Date.now(), ...taken })
  tally(box, columns, -1)
  box.highest_modseq = modseq
  if (kept === undefined) unit.remove('chunk', document._id)
  else Object.assign(document, kept)
  return columns
}
