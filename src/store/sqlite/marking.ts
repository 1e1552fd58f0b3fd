// Which contents of an account are alive: the mark of the collector and of `check`, read in pages, the indexes first and
// the tombstones after them, because that is the way that entries go.

import type { Connection } from '../../kit/sqlite/connection.js'
import { ContentSet } from '../content-set.js'
import { decodeContents } from '../index-codec.js'
import { betweenPages } from './access.js'
import { contentRow } from './schema.js'

/** Packed values of one page. */
const PAGE_VALUES = 128
/** Contents of one page. */
const PAGE_CONTENTS = 1024

interface ColdRow {
  readonly id: number
  readonly mailbox: number
  readonly chunk: number
  readonly entries: Uint8Array
}

export class Marking {
  readonly #cold
  readonly #tombstones
  readonly #contents

  constructor(db: Connection) {
    this.#cold = db.prepare<number[], ColdRow>(
      `SELECT id, mailbox, chunk, entries FROM index_cold WHERE account = ? AND (mailbox, chunk) > (?, ?)
       ORDER BY mailbox, chunk LIMIT ${PAGE_VALUES}`,
    )
    this.#tombstones = db.prepare<number[], { id: number; cold: Uint8Array }>(
      `SELECT id, cold FROM tombstone INDEXED BY tombstone_by_time WHERE account = ? AND expunged_at >= ? AND id > ?
       ORDER BY id LIMIT ${PAGE_VALUES}`,
    )
    this.#contents = db
      .prepare<number[], number>(
        `SELECT id FROM content WHERE id > ? AND id < ? ORDER BY id LIMIT ${PAGE_CONTENTS}`,
      )
      .pluck()
  }

  /** Each packed cold value of the account, of all its mailboxes. */
  async *cold(account: number): AsyncIterable<ColdRow> {
    for (let mailbox = 0, chunk = -1; ; ) {
      const rows = this.#cold.all(account, mailbox, chunk)
      const last = rows.at(-1)
      if (last === undefined) return
      yield* rows
      mailbox = last.mailbox
      chunk = last.chunk
      await betweenPages()
    }
  }

  /** Named by an index, or by a tombstone of `keepFrom` (milliseconds since 1970) or later. */
  async alive(account: number, keepFrom: number): Promise<ContentSet> {
    const alive = new ContentSet()
    for await (const { entries } of this.cold(account))
      decodeContents(entries, (content) => alive.add(content))
    for (let last = 0; ; ) {
      const rows = this.#tombstones.all(account, keepFrom, last)
      if (rows.length === 0) return alive
      for (const { cold } of rows) decodeContents(cold, (content) => alive.add(content))
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
