// The packed index as rows, read and changed inside a mutation: a chunk's hot and cold values, tombstones, and the counters
// that follow from them. docs/adr/0001.

import type { Connection } from '../../kit/sqlite/connection.js'
import { DELETED, FLAG_WORDS, SEEN } from '../../model/flags.js'
import { MAX_UID } from '../../model/ids.js'
import type { ColdColumns, HotColumns } from '../entries.js'
import { StoreError } from '../errors.js'
import {
  CHUNK_SIZE,
  chunkOf,
  decodeChunk,
  divideCold,
  divideHot,
  encodeCold,
  encodeHot,
  joinCold,
  joinHot,
} from '../index-codec.js'
import type { MailboxRow } from '../rows.js'

export interface Chunk {
  readonly hotId: number
  readonly coldId: number
  readonly chunk: number
  readonly hot: Uint8Array
  readonly cold: Uint8Array
}

export type FullColumns = HotColumns & { readonly length: number; readonly cold: ColdColumns }

/** Adds (sign 1) or takes away (-1) entries `from` … `to` - 1 from a mailbox's counters; returns their octets. */
export function tally(row: MailboxRow, columns: FullColumns, from: number, to: number, sign: 1 | -1): number {
  let unseen = 0
  let deleted = 0
  let octets = 0
  for (let at = from; at < to; at++) {
    const word = columns.flags[at * FLAG_WORDS] ?? 0
    if ((word & SEEN) === 0) unseen++
    if ((word & DELETED) !== 0) deleted++
    octets += columns.cold.sizes[at] ?? 0
  }
  row.messages += sign * (to - from)
  row.unseen += sign * unseen
  row.deleted += sign * deleted
  row.octets += sign * octets
  return octets
}

/** Gives out `count` UIDs; returns the first. */
export function allocateUids(row: MailboxRow, count: number): number {
  const first = row.uid_next
  if (first + count - 1 > MAX_UID)
    throw new StoreError('limit', `mailbox ${row.mailbox} of account ${row.account} has no UIDs left`)
  row.uid_next += count
  return first
}

export class IndexRows {
  readonly #hot
  readonly #cold
  readonly #both
  readonly #chunks
  readonly #insertHot
  readonly #insertCold
  readonly #updateHot
  readonly #updateCold
  readonly #deleteHot
  readonly #deleteCold
  readonly #bury

  constructor(db: Connection) {
    const place = 'WHERE account = ? AND mailbox = ? AND chunk = ?'
    this.#hot = db.prepare<number[], { id: number; entries: Uint8Array }>(
      `SELECT id, entries FROM index_hot ${place}`,
    )
    this.#cold = db.prepare<number[], { id: number; entries: Uint8Array }>(
      `SELECT id, entries FROM index_cold ${place}`,
    )
    this.#both = db.prepare<number[], Chunk>(
      `SELECT h.id AS hotId, c.id AS coldId, h.chunk AS chunk, h.entries AS hot, c.entries AS cold
       FROM index_hot h JOIN index_cold c USING (account, mailbox, chunk) ${place}`,
    )
    this.#chunks = db
      .prepare<number[], number>(
        'SELECT chunk FROM index_hot WHERE account = ? AND mailbox = ? AND chunk >= ? ORDER BY chunk',
      )
      .pluck()
    this.#insertHot = db.prepare<(number | Uint8Array)[]>(
      'INSERT INTO index_hot (account, mailbox, chunk, max_modseq, entries) VALUES (?, ?, ?, ?, ?)',
    )
    this.#insertCold = db.prepare<(number | Uint8Array)[]>(
      'INSERT INTO index_cold (account, mailbox, chunk, entries) VALUES (?, ?, ?, ?)',
    )
    this.#updateHot = db.prepare<(number | Uint8Array)[]>(
      'UPDATE index_hot SET max_modseq = max(max_modseq, ?), entries = ? WHERE id = ?',
    )
    this.#updateCold = db.prepare<(number | Uint8Array)[]>('UPDATE index_cold SET entries = ? WHERE id = ?')
    this.#deleteHot = db.prepare<[number]>('DELETE FROM index_hot WHERE id = ?')
    this.#deleteCold = db.prepare<[number]>('DELETE FROM index_cold WHERE id = ?')
    this.#bury = db.prepare<(number | Uint8Array)[]>(
      'INSERT INTO tombstone (account, mailbox, chunk, modseq, expunged_at, hot, cold) VALUES (?, ?, ?, ?, ?, ?, ?)',
    )
  }

  hot(box: MailboxRow, chunk: number): { id: number; entries: Uint8Array } | undefined {
    return this.#hot.get(box.account, box.mailbox, chunk)
  }

  saveHot(id: number, modseq: number, entries: Uint8Array): void {
    this.#updateHot.run(modseq, entries, id)
  }

  find(box: MailboxRow, chunk: number): Chunk | undefined {
    const found = this.#both.get(box.account, box.mailbox, chunk)
    if (found === undefined && this.hot(box, chunk) !== undefined)
      throw new StoreError(
        'corrupt',
        `chunk ${chunk} of mailbox ${box.mailbox} of account ${box.account} has only one half`,
      )
    return found
  }

  /** Numbers of the mailbox's chunks from `from` on. */
  chunks(box: MailboxRow, from = 0): number[] {
    return this.#chunks.all(box.account, box.mailbox, from)
  }

  /** Puts entries, whose UIDs are above all that the mailbox has and which bear `modseq`, at its end; counts them. */
  append(box: MailboxRow, columns: FullColumns, modseq: number): number {
    for (let from = 0; from < columns.length; ) {
      const chunk = chunkOf(columns.uids[from] ?? 0)
      let to = from + 1
      while (to < columns.length && chunkOf(columns.uids[to] ?? 0) === chunk) to++
      this.#appendToChunk(box, chunk, columns, from, to, modseq)
      from = to
    }
    return tally(box, columns, 0, columns.length, 1)
  }

  #appendToChunk(
    box: MailboxRow,
    chunk: number,
    columns: FullColumns,
    from: number,
    to: number,
    modseq: number,
  ): void {
    const hot = encodeHot(columns, from, to)
    const cold = encodeCold(columns.uids, columns.cold, from, to)
    // UID 0 does not exist: in every chunk but the first, the first UID has nothing before it.
    const begins = (columns.uids[from] ?? 0) % CHUNK_SIZE === 0
    const before = begins ? undefined : this.#hot.get(box.account, box.mailbox, chunk)
    if (before === undefined) {
      this.#insertHot.run(box.account, box.mailbox, chunk, modseq, hot)
      this.#insertCold.run(box.account, box.mailbox, chunk, cold)
      return
    }
    const beforeCold = this.#cold.get(box.account, box.mailbox, chunk)
    if (beforeCold === undefined) throw new StoreError('corrupt', `chunk ${chunk} has no cold half`)
    this.#updateHot.run(modseq, joinHot(before.entries, hot), before.id)
    this.#updateCold.run(joinCold(beforeCold.entries, cold), beforeCold.id)
  }

  /**
   * Takes the entries marked in `take` out of a chunk, leaves their tombstone and uncounts them. `max_modseq` stays: it never
   * falls, and the tombstone has the new one.
   */
  remove(box: MailboxRow, chunk: Chunk, take: Uint8Array, modseq: number, now: number): FullColumns {
    const hot = divideHot(chunk.hot, take)
    const cold = divideCold(chunk.cold, take)
    const taken = decodeChunk(chunk.chunk, hot.taken, cold.taken)
    if (taken.length === 0) return taken
    this.#bury.run(box.account, box.mailbox, chunk.chunk, modseq, now, hot.taken, cold.taken)
    tally(box, taken, 0, taken.length, -1)
    if (take.length === taken.length) {
      this.#deleteHot.run(chunk.hotId)
      this.#deleteCold.run(chunk.coldId)
    } else {
      this.#updateHot.run(0, hot.kept, chunk.hotId)
      this.#updateCold.run(cold.kept, chunk.coldId)
    }
    return taken
  }
}
