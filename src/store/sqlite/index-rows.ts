// The packed index as rows, read and changed inside a mutation: a chunk's hot and cold values, tombstones, and the counters
// that follow from them. docs/adr/0001.

import type { Connection } from '../../kit/sqlite/connection.js'
import { type ChunkRun, type ChunkValues, joinValues, packRuns, takeOut } from '../chunk-values.js'
import { type FullColumns, tally } from '../columns.js'
import { StoreError } from '../errors.js'
import type { MailboxRow } from '../rows.js'

export interface Chunk extends ChunkValues {
  readonly hotId: number
  readonly coldId: number
  readonly chunk: number
}

export class IndexRows {
  readonly #hot
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
    for (const run of packRuns(columns)) this.#appendToChunk(box, run, modseq)
    return tally(box, columns, 1)
  }

  #appendToChunk(box: MailboxRow, run: ChunkRun, modseq: number): void {
    const { chunk, hot, cold } = run
    const before = run.begins ? undefined : this.find(box, chunk)
    if (before === undefined) {
      this.#insertHot.run(box.account, box.mailbox, chunk, modseq, hot)
      this.#insertCold.run(box.account, box.mailbox, chunk, cold)
      return
    }
    const joined = joinValues(before, run)
    this.#updateHot.run(modseq, joined.hot, before.hotId)
    this.#updateCold.run(joined.cold, before.coldId)
  }

  /**
   * Takes the entries marked in `take` out of a chunk, leaves their tombstone and uncounts them. `max_modseq` stays: it never
   * falls, and the tombstone has the new one.
   */
  remove(box: MailboxRow, chunk: Chunk, take: Uint8Array, modseq: number, now: number): FullColumns {
    const { kept, taken, columns } = takeOut(chunk.chunk, chunk, take)
    if (columns.length === 0) return columns
    this.#bury.run(box.account, box.mailbox, chunk.chunk, modseq, now, taken.hot, taken.cold)
    tally(box, columns, -1)
    if (kept === undefined) {
      this.#deleteHot.run(chunk.hotId)
      this.#deleteCold.run(chunk.coldId)
    } else {
      this.#updateHot.run(0, kept.hot, chunk.hotId)
      this.#updateCold.run(kept.cold, chunk.coldId)
    }
    return columns
  }
}
