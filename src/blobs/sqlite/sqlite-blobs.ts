// The blob store on SQLite, in the same file as the store. src/blobs/blobs.ts says what each method promises.

import { createHash } from 'node:crypto'
import { setImmediate as turn } from 'node:timers/promises'
import type { Connection } from '../../kit/sqlite/connection.js'
import type { Database } from '../../kit/sqlite/database.js'
import { StoreError } from '../../store/errors.js'
import type { BlobStore, IsReferenced } from '../blobs.js'
import { PIECE_SIZE } from '../piece-buffers.js'
import { type PieceSink, PieceWriter } from '../piece-writer.js'
import { type BlobWrite, reading, writeTo } from './access.js'
import { DYING, LIVE, STAGED } from './schema.js'

/** To be loaded by the writer thread: `openDatabase({ file, modules: [BLOBS_MODULE, …] })`. */
export const BLOBS_MODULE = new URL('./mutations.js', import.meta.url).href

/** Blobs looked at in one step of the collector. */
const PAGE = 256
/** Free pages of the file past which it is worth giving them back. */
const FREE_PAGES = 256

interface BlobRow {
  readonly id: number
  readonly hash: Uint8Array
  readonly size: number
}

const hexOf = (hash: Uint8Array): string => Buffer.from(hash).toString('hex')

class Reads {
  readonly find
  readonly piece
  readonly after
  readonly staged
  readonly unused
  readonly dying
  readonly freePages

  constructor(db: Connection) {
    const columns = 'SELECT id, hash, size FROM blob WHERE'
    this.find = db.prepare<[Uint8Array], BlobRow>(`${columns} hash = ?`)
    this.piece = db
      .prepare<[number, number], Uint8Array>('SELECT octets FROM blob_piece WHERE blob = ? AND number = ?')
      .pluck()
    this.after = db.prepare<[number], BlobRow>(
      `${columns} hash IS NOT NULL AND id > ? ORDER BY id LIMIT ${PAGE}`,
    )
    this.staged = db
      .prepare<[number], number>(`SELECT id FROM blob WHERE state = ${STAGED} AND used_at < ?`)
      .pluck()
    this.unused = db.prepare<[number, number], BlobRow>(
      `${columns} state = ${LIVE} AND used_at < ? AND id > ? ORDER BY id LIMIT ${PAGE}`,
    )
    this.dying = db.prepare<[number], BlobRow>(`${columns} state = ${DYING} AND dying_at < ? ORDER BY id`)
    this.freePages = () => Number(db.pragma('freelist_count', { simple: true }))
  }
}

async function* readPieces(
  reads: Reads,
  hash: string,
  start: number,
  end: number,
): AsyncIterable<Uint8Array> {
  const missing = () => new StoreError('corrupt', `blob ${hash} is not there`)
  const blob = reads.find.get(Buffer.from(hash, 'hex'))
  if (blob === undefined) throw missing()
  const upTo = Math.min(end, blob.size)
  for (let at = Math.max(0, start); at < upTo; ) {
    const number = Math.floor(at / PIECE_SIZE)
    const octets = reads.piece.get(blob.id, number)
    if (octets === undefined) throw missing()
    const base = number * PIECE_SIZE
    const part = octets.subarray(at - base, upTo - base)
    if (part.length === 0) throw missing()
    at += part.length
    yield part
    if (at < upTo) await turn()
  }
}

async function dropWith(write: BlobWrite, blob: number): Promise<void> {
  while (await write('drop', { blob }));
}

/** `open`: the staged blobs that somebody is writing. */
const sinkOf = (write: BlobWrite, open: Set<number>): PieceSink<number> => ({
  async piece(blob, number, octets) {
    const id = await write('piece', { blob, number, octets })
    if (blob === undefined) open.add(id)
    return id
  },
  async finish(blob, octets, hash, size) {
    await write('finish', { blob, octets, hash, size })
    if (blob === undefined) return
    // Where the octets were there already this copy is left over; else it is live, and drop does nothing.
    await dropWith(write, blob)
    open.delete(blob)
  },
  drop(blob) {
    // Where the disk is too full even for that, the collector drops it later.
    open.delete(blob)
    return dropWith(write, blob)
  },
})

class Collector {
  readonly #reads: Reads
  readonly #write: BlobWrite
  readonly #open: ReadonlySet<number>

  constructor(reads: Reads, write: BlobWrite, open: ReadonlySet<number>) {
    this.#reads = reads
    this.#write = write
    this.#open = open
  }

  /** What nobody is writing any more: a process that died was, or one that could not drop it. */
  async dropStaged(before: number): Promise<void> {
    for (const blob of this.#reads.staged.all(before))
      if (!this.#open.has(blob)) await dropWith(this.#write, blob)
  }

  async markUnused(before: number, isReferenced: IsReferenced): Promise<void> {
    for (let last = 0; ; ) {
      const page = this.#reads.unused.all(before, last)
      if (page.length === 0) return
      last = page.at(-1)?.id ?? last
      const named = await isReferenced(page.map(({ hash }) => hexOf(hash)))
      const ids = page.filter(({ hash }) => !named.has(hexOf(hash))).map(({ id }) => id)
      if (ids.length > 0) await this.#write('markDying', { ids, usedBefore: before })
    }
  }

  /** Deletes those dying since before `before`, and revives those that have a reference after all. */
  async deleteDying(before: number, isReferenced: IsReferenced): Promise<number> {
    let deleted = 0
    const dying = this.#reads.dying.all(before)
    for (let at = 0; at < dying.length; at += PAGE) {
      const page = dying.slice(at, at + PAGE)
      const named = await isReferenced(page.map(({ hash }) => hexOf(hash)))
      const alive = page.filter(({ hash }) => named.has(hexOf(hash))).map(({ id }) => id)
      if (alive.length > 0) await this.#write('revive', { ids: alive })
      for (const { id, hash } of page) {
        if (named.has(hexOf(hash)) || !(await this.#write('bury', { id, dyingBefore: before }))) continue
        await dropWith(this.#write, id)
        deleted++
      }
    }
    return deleted
  }

  async shrink(): Promise<void> {
    for (let free = this.#reads.freePages(); free > FREE_PAGES; ) {
      await this.#write('shrink', undefined)
      const left = this.#reads.freePages()
      if (left >= free) return
      free = left
    }
  }
}

/** One that goes meanwhile is left out. */
async function* verifyAll(reads: Reads): AsyncIterable<{ hash: string; size: number; computed: string }> {
  for (let last = 0; ; ) {
    const page = reads.after.all(last)
    if (page.length === 0) return
    for (const { id, hash, size } of page) {
      last = id
      const recorded = hexOf(hash)
      const computed = await hashOf(reads, id, size)
      // The collector takes the hash away before the pieces.
      if (computed === recorded || reads.find.get(hash)?.id === id) yield { hash: recorded, size, computed }
    }
  }
}

async function hashOf(reads: Reads, id: number, size: number): Promise<string> {
  const computed = createHash('sha256')
  for (let number = 0; number * PIECE_SIZE < size; number++) {
    // What is missing makes another hash.
    computed.update(reads.piece.get(id, number) ?? '')
    await turn()
  }
  return computed.digest('hex')
}

/** The blob store in an open database; drops what a process that died left half written. */
export async function sqliteBlobs(database: Database): Promise<BlobStore> {
  const write = writeTo(database)
  const open = new Set<number>()
  const sink = sinkOf(write, open)
  const reads = new Reads(database.reader)
  const collector = new Collector(reads, write, open)
  await collector.dropStaged(Number.MAX_SAFE_INTEGER)
  return {
    write: () => new PieceWriter(sink),
    read: (hash, start, end) => reading(readPieces(reads, hash, start, end)),
    touch: (hash) => write('touch', { hash: Buffer.from(hash, 'hex') }),
    verify: () => reading(verifyAll(reads)),
    async collect(graceMs, isReferenced) {
      const before = Date.now() - graceMs
      await collector.dropStaged(before)
      const deleted = await collector.deleteDying(before, isReferenced)
      await collector.markUnused(before, isReferenced)
      await collector.shrink()
      return { deleted }
    },
    close: () => database.close(),
  }
}
