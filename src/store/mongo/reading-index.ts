// The index as it is read: entries in pages, tombstones, keywords. docs/architecture.md, idea 2: pages have no upper bound
// of modseq, and nothing is held between them. One command brings many pages, because a round trip costs more than they do.

import type { FlagTable } from '../../model/flags.js'
import { type AccountId, MAX_UID, type MailboxId } from '../../model/ids.js'
import { unionOf } from '../../model/number-set.js'
import { decodeChunks } from '../chunk-values.js'
import { type FullColumns, gatherEntries, keepEntries } from '../columns.js'
import type { Entries } from '../entries.js'
import { chunkOf, decodeChunk, firstUidOf } from '../index-codec.js'
import { flagTableOf } from '../keywords.js'
import type { EntryPage, EntryQuery } from '../messages.js'
import { betweenPages } from './access.js'
import type { MongoDatabase } from './database.js'
import {
  accountKey,
  type ChunkDocument,
  chunkKey,
  contentKey,
  keyBehind,
  mailboxKey,
  tombstoneKey,
} from './schema.js'

/** Chunks of one command: 65,536 UIDs, some 600 KB hot, 2 MB with the cold half. */
const READ_CHUNKS = 512
/** Chunks of one page: about 2 ms hot, 4 ms with the cold half. */
const PAGE_CHUNKS = 128
/** Tombstones of one command. */
const READ_TOMBSTONES = 256

export type ReadDocument = Pick<ChunkDocument, '_id' | 'chunk' | 'max_modseq' | 'hot'> & {
  readonly cold?: Uint8Array
}

interface Range {
  readonly account: AccountId
  readonly mailbox: MailboxId
  readonly from: number
  readonly to: number
}

export class IndexReads {
  readonly #database: MongoDatabase

  constructor(database: MongoDatabase) {
    this.#database = database
  }

  /** `covered` of the last page is the end of what was asked for. */
  async *entries(account: AccountId, mailbox: MailboxId, query: EntryQuery): AsyncIterable<EntryPage> {
    const end = query.to ?? MAX_UID
    for (let from = query.from ?? 1; ; ) {
      const range = { account, mailbox, from, to: end }
      const { chunks, complete } = await this.#chunks(range, query)
      const last = chunks.at(-1)
      const covered = complete || last === undefined ? end : Math.min(end, firstUidOf(last.chunk + 1) - 1)
      for (let at = 0; at === 0 || at < chunks.length; at += PAGE_CHUNKS) {
        if (at > 0) await betweenPages()
        const page = chunks.slice(at, at + PAGE_CHUNKS)
        const lastOfPage = page.at(-1)
        const isLast = at + PAGE_CHUNKS >= chunks.length || lastOfPage === undefined
        yield {
          entries: entriesOf(page, range, query),
          covered: isLast ? covered : Math.min(end, firstUidOf(lastOfPage.chunk + 1) - 1),
        }
      }
      if (covered >= end) return
      from = covered + 1
    }
  }

  #chunks(range: Range, query: EntryQuery): Promise<ChunkPage> {
    const { account, mailbox } = range
    const since: number = query.since ?? 0
    const from = chunkOf(range.from)
    const to = chunkOf(range.to)
    const projection = { chunk: 1, max_modseq: 1, hot: 1, ...(query.cold === true ? { cold: 1 } : {}) }
    const changed = { account, mailbox, max_modseq: { $gt: since }, chunk: { $gte: from, $lte: to } }
    const between = { _id: { $gte: chunkKey(account, mailbox, from), $lte: chunkKey(account, mailbox, to) } }
    const filter = since === 0 ? between : changed
    const hint = since === 0 ? '_id_' : 'by_modseq'
    return this.#database.read('reading entries', async (session) =>
      pageOf(
        await this.#database
          .collection('chunk')
          .find<ReadDocument>(filter, { session, projection, hint, singleBatch: true })
          .sort(since === 0 ? { _id: 1 } : { chunk: 1 })
          .limit(READ_CHUNKS)
          .batchSize(READ_CHUNKS)
          .toArray(),
      ),
    )
  }

  async expungedSince(
    account: AccountId,
    mailbox: MailboxId,
    since: number,
    upTo: number,
  ): Promise<Uint32Array> {
    const uids: Uint32Array[] = []
    const below = tombstoneKey(account, mailbox, upTo + 1, 0)
    for (let from = tombstoneKey(account, mailbox, since + 1, 0); ; ) {
      const range = { _id: { $gte: from, $lt: below } }
      const found = await this.#database.read('reading tombstones', (session) =>
        this.#database
          .collection('tombstone')
          .find(range, { session, projection: { chunk: 1, hot: 1 }, singleBatch: true })
          .sort({ _id: 1 })
          .limit(READ_TOMBSTONES)
          .batchSize(READ_TOMBSTONES)
          .toArray(),
      )
      uids.push(decodeChunks(found, false).uids)
      const last = found.at(-1)
      if (found.length < READ_TOMBSTONES || last === undefined) return unionOf(uids)
      from = keyBehind(last._id)
      await betweenPages()
    }
  }

  /** Entries of `uids` among the tombstones whose content is still there. */
  async expungedEntries(account: AccountId, mailbox: MailboxId, uids: Uint32Array): Promise<Entries> {
    const wanted = new Set(uids)
    const chunks = [...new Set(Array.from(uids, chunkOf))]
    const found: { columns: FullColumns; at: number }[] = []
    for (let at = 0; at < chunks.length; at += PAGE_CHUNKS) {
      const filter = { account, mailbox, chunk: { $in: chunks.slice(at, at + PAGE_CHUNKS) } }
      const tombstones = await this.#database.read('reading expunged entries', (session) =>
        this.#database
          .collection('tombstone')
          .find(filter, { session, projection: { chunk: 1, hot: 1, cold: 1 }, batchSize: READ_TOMBSTONES })
          .toArray(),
      )
      for (const { chunk, hot, cold } of tombstones) {
        const columns = decodeChunk(chunk, hot, cold)
        columns.uids.forEach((uid, entry) => {
          if (wanted.has(uid)) found.push({ columns, at: entry })
        })
      }
    }
    const contents = found.map(({ columns, at }) => columns.cold.contents[at] ?? 0)
    const there = await this.#there(account, contents)
    return gatherEntries(found.filter((_, at) => there.has(contents[at] ?? 0)))
  }

  async #there(account: AccountId, contents: readonly number[]): Promise<Set<number>> {
    if (contents.length === 0) return new Set()
    const ids = new Map(contents.map((content) => [contentKey(account, content), content]))
    const found = await this.#database.read('reading contents', (session) =>
      this.#database
        .collection('content')
        .find({ _id: { $in: [...ids.keys()] } }, { session, projection: { _id: 1 }, batchSize: 10_000 })
        .toArray(),
    )
    return new Set(found.map(({ _id }) => ids.get(_id) ?? 0))
  }

  async flagTable(account: AccountId): Promise<FlagTable> {
    const found = await this.#database.read('reading keywords', (session) =>
      this.#database
        .collection('account')
        .findOne({ _id: accountKey(account) }, { session, projection: { keywords: 1 } }),
    )
    return flagTableOf(found?.keywords ?? [])
  }

  /** How many of a mailbox's messages bear \Deleted; undefined where it is not there or takes no messages. */
  async deletedIn(account: AccountId, mailbox: MailboxId): Promise<number | undefined> {
    const found = await this.#database.read('reading a mailbox', (session) =>
      this.#database
        .collection('mailbox')
        .findOne(
          { _id: mailboxKey(account, mailbox) },
          { session, projection: { deleted: 1, deleted_at: 1, selectable: 1 } },
        ),
    )
    return found === null || found.deleted_at !== null || found.selectable === 0 ? undefined : found.deleted
  }
}

interface ChunkPage {
  /** In order, each once. */
  readonly chunks: readonly ReadDocument[]
  /** There is nothing behind them. */
  readonly complete: boolean
}

/** A page is full by what was found: a chunk that was met twice takes the place of another one. */
export const pageOf = (found: ReadDocument[]): ChunkPage => ({
  chunks: uniqueChunks(found),
  complete: found.length < READ_CHUNKS,
})

/**
 * A chunk that changes while the index of modseqs is walked goes on to a place that the walk has yet to come to, and may be
 * met again there: the newer is true.
 */
function uniqueChunks(documents: ReadDocument[]): ReadDocument[] {
  if (documents.every(({ chunk }, at) => at === 0 || chunk !== documents[at - 1]?.chunk)) return documents
  const newest = new Map<number, ReadDocument>()
  for (const document of documents) {
    const other = newest.get(document.chunk)
    if (other === undefined || other.max_modseq < document.max_modseq) newest.set(document.chunk, document)
  }
  return [...newest.values()]
}

function entriesOf(page: readonly ReadDocument[], { from, to }: Range, query: EntryQuery): Entries {
  const { since = 0, cold = false } = query
  const entries = decodeChunks(page, cold)
  const { uids, modseqs } = entries
  const outside = (uids[0] ?? from) < from || (uids.at(-1) ?? to) > to
  if (!outside && since === 0) return entries
  const wanted = (at: number): boolean =>
    (modseqs[at] ?? 0) > since && (uids[at] ?? 0) >= from && (uids[at] ?? 0) <= to
  return keepEntries(entries, wanted)
}
