// Which contents of an account are alive: the mark of the collector and of `check`, read in pages, the indexes first and
// the tombstones after them, because that is the way that entries go.

import type { Connection } from '../../kit/sqlite/connection.js'
import { addNamed, ContentSet, type Unreadable } from '../content-set.js'
import { betweenPages } from './access.js'
import { contentRow } from './schema.js'

/** Chunks, and tombstones, of one page. */
const PAGE_VALUES = 128
/** Contents of one page. */
const PAGE_CONTENTS = 1024

interface ColdRow {
  readonly mailbox: number
  readonly chunk: number
  /** Null where only the hot half is there. */
  readonly entries: Uint8Array | null
}

interface TombstoneRow {
  readonly id: number
  readonly mailbox: number
  readonly chunk: number
  readonly modseq: number
  readonly cold: Uint8Array
}

export class Marking {
  readonly #cold
  readonly #tombstones
  readonly #contents

  constructor(db: Connection) {
    const chunksOf = (table: string) =>
      `SELECT account, mailbox, chunk FROM ${table} WHERE account = @account AND (mailbox, chunk) > (@mailbox, @chunk)`
    this.#cold = db.prepare<[{ account: number; mailbox: number; chunk: number }], ColdRow>(
      `SELECT mailbox, chunk, entries FROM
         (${chunksOf('index_hot')} UNION ${chunksOf('index_cold')} ORDER BY 1, 2, 3 LIMIT ${PAGE_VALUES})
       LEFT JOIN index_cold USING (account, mailbox, chunk) ORDER BY mailbox, chunk`,
    )
    this.#tombstones = db.prepare<number[], TombstoneRow>(
      `SELECT id, mailbox, chunk, modseq, cold FROM tombstone INDEXED BY tombstone_by_time WHERE account = ? AND expunged_at >= ? AND id > ?
       ORDER BY id LIMIT ${PAGE_VALUES}`,
    )
    this.#contents = db
      .prepare<number[], number>(
        `SELECT id FROM content WHERE id > ? AND id < ? ORDER BY id LIMIT ${PAGE_CONTENTS}`,
      )
      .pluck()
  }

  /** The packed cold value of each chunk of the account, of all its mailboxes. */
  async *cold(account: number): AsyncIterable<ColdRow> {
    for (let mailbox = 0, chunk = -1; ; ) {
      const rows = this.#cold.all({ account, mailbox, chunk })
      const last = rows.at(-1)
      if (last === undefined) return
      yield* rows
      mailbox = last.mailbox
      chunk = last.chunk
      await betweenPages()
    }
  }

  /** Named by an entry of any mailbox, deleted ones too. */
  async named(account: number, unreadable: Unreadable): Promise<ContentSet> {
    const named = new ContentSet()
    for await (const { mailbox, chunk, entries } of this.cold(account))
      addNamed(named, { account, mailbox, chunk }, entries, unreadable)
    return named
  }

  /** Named by an entry, or by a tombstone of `keepFrom` (milliseconds since 1970) or later. */
  async alive(account: number, keepFrom: number, unreadable: Unreadable): Promise<ContentSet> {
    const alive = await this.named(account, unreadable)
    for (let last = 0; ; ) {
      const rows = this.#tombstones.all(account, keepFrom, last)
      if (rows.length === 0) return alive
      for (const { mailbox, chunk, modseq, cold } of rows)
        addNamed(alive, { account, mailbox, chunk, modseq }, cold, unreadable)
      last = rows.at(-1)?.id ?? last
      await betweenPages()
    }
  }

  /** Pages of the contents that are there, up to `below`. */
  async *contents(account: number, below: number): AsyncIterable<number[]> {
    const first = contentRow(account, 0)
    for (let last = first; ; ) {
      const ids = this.#contents.all(last, first + below)
      if (ids.length === 0) return
      yield ids.map((id) => id - first)
      last = ids.at(-1) ?? last
      await betweenPages()
    }
  }
}
