// The index as it is read: entries in pages, tombstones, keywords. docs/architecture.md, idea 2: pages have no upper bound
// of modseq, and nothing is held between them.

import type { Connection } from '../../kit/sqlite/connection.js'
import type { FlagTable } from '../../model/flags.js'
import { MAX_UID } from '../../model/ids.js'
import { decodeChunks, type ReadChunk } from '../chunk-values.js'
import { type FullColumns, gatherEntries, keepEntries } from '../columns.js'
import type { Entries } from '../entries.js'
import { chunkOf, decodeChunk, firstUidOf } from '../index-codec.js'
import { flagTableOf, type Keyword } from '../keywords.js'
import type { EntryPage, EntryQuery } from '../messages.js'

/** Chunks of one page: about 2 ms hot, 4 ms with the cold half. */
const PAGE_CHUNKS = 128

interface ExpungedRow extends ReadChunk {
  readonly id: number
  readonly modseq: number
}

interface TombstoneRow {
  readonly hot: Uint8Array
  readonly cold: Uint8Array
}

export class IndexReads {
  readonly #hot
  readonly #both
  readonly #changedHot
  readonly #changedBoth
  readonly #keywords
  readonly #expunged
  readonly #tombstonesOfChunk

  constructor(db: Connection) {
    const hot = 'SELECT h.chunk AS chunk, h.entries AS hot FROM index_hot h'
    const both =
      'SELECT h.chunk AS chunk, h.entries AS hot, c.entries AS cold FROM index_hot h CROSS JOIN index_cold c USING (account, mailbox, chunk)'
    const range = 'WHERE h.account = ? AND h.mailbox = ? AND h.chunk >= ? AND h.chunk <= ?'
    const page = `ORDER BY h.chunk LIMIT ${PAGE_CHUNKS}`
    // By the index of modseqs, which holds the chunks' numbers: only what changed is read.
    const changed = `h.id IN (SELECT id FROM index_hot INDEXED BY index_hot_by_modseq WHERE account = ? AND mailbox = ?
      AND max_modseq > ? AND chunk >= ? AND chunk <= ? ORDER BY chunk LIMIT ${PAGE_CHUNKS})`
    this.#hot = db.prepare<number[], ReadChunk>(`${hot} ${range} ${page}`)
    this.#both = db.prepare<number[], ReadChunk>(`${both} ${range} ${page}`)
    this.#changedHot = db.prepare<number[], ReadChunk>(`${hot} WHERE ${changed} ORDER BY h.chunk`)
    this.#changedBoth = db.prepare<number[], ReadChunk>(`${both} WHERE ${changed} ORDER BY h.chunk`)
    this.#keywords = db.prepare<[number], Keyword>('SELECT bit, name FROM keyword WHERE account = ?')
    this.#expunged = db.prepare<number[], ExpungedRow>(
      `SELECT id, modseq, chunk, hot FROM tombstone INDEXED BY tombstone_by_modseq
       WHERE account = ? AND mailbox = ? AND (modseq, id) > (?, ?) AND modseq <= ? ORDER BY modseq, id LIMIT ${PAGE_CHUNKS}`,
    )
    this.#tombstonesOfChunk = db.prepare<number[], TombstoneRow>(
      'SELECT hot, cold FROM tombstone WHERE account = ? AND mailbox = ? AND chunk = ?',
    )
  }

  /** The page that begins at UID `from`. `covered` is the end of what was asked for once it is the last. */
  page(account: number, mailbox: number, from: number, query: EntryQuery): EntryPage {
    const { since = 0, to = MAX_UID, cold = false } = query
    const rows = this.#rows(account, mailbox, chunkOf(from), chunkOf(to), since, cold)
    const last = rows.at(-1)
    const covered =
      rows.length < PAGE_CHUNKS || last === undefined ? to : Math.min(to, firstUidOf(last.chunk + 1) - 1)
    const entries = decodeChunks(rows, cold)
    const { uids, modseqs } = entries
    const outside = (uids[0] ?? from) < from || (uids.at(-1) ?? to) > to
    if (!outside && since === 0) return { entries, covered }
    const wanted = (at: number): boolean =>
      (modseqs[at] ?? 0) > since && (uids[at] ?? 0) >= from && (uids[at] ?? 0) <= to
    return { entries: keepEntries(entries, wanted), covered }
  }

  #rows(
    account: number,
    mailbox: number,
    from: number,
    to: number,
    since: number,
    cold: boolean,
  ): ReadChunk[] {
    if (since === 0) return (cold ? this.#both : this.#hot).all(account, mailbox, from, to)
    return (cold ? this.#changedBoth : this.#changedHot).all(account, mailbox, since, from, to)
  }

  /** UIDs of the tombstones with since < modseq ≤ upTo, a page of those at a time. */
  *expunged(account: number, mailbox: number, since: number, upTo: number): Iterable<Uint32Array> {
    for (let last = { modseq: since, id: Number.MAX_SAFE_INTEGER }; ; ) {
      const rows = this.#expunged.all(account, mailbox, last.modseq, last.id, upTo)
      yield decodeChunks(rows, false).uids
      const end = rows.at(-1)
      if (end === undefined || rows.length < PAGE_CHUNKS) return
      last = end
    }
  }

  /** Entries of `uids` (ascending) among the tombstones whose content `isThere`. */
  expungedEntries(
    account: number,
    mailbox: number,
    uids: Uint32Array,
    isThere: (content: number) => boolean,
  ): Entries {
    const wanted = new Set(uids)
    const found: { columns: FullColumns; at: number }[] = []
    for (const chunk of new Set(Array.from(uids, chunkOf))) {
      for (const row of this.#tombstonesOfChunk.all(account, mailbox, chunk)) {
        const columns = decodeChunk(chunk, row.hot, row.cold)
        columns.uids.forEach((uid, at) => {
          if (wanted.has(uid) && isThere(columns.cold.contents[at] ?? 0)) found.push({ columns, at })
        })
      }
    }
    return gatherEntries(found)
  }

  flagTable(account: number): FlagTable {
    return flagTableOf(this.#keywords.all(account))
  }
}
