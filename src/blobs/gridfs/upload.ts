// One blob on its way into GridFS: a staged file, its chunks, and last the hash, by which it becomes live. Every step
// waits for the majority, so that a failover cannot leave a live file without its chunks.

import { ObjectId } from 'mongodb'
import { isDuplicateKey } from '../../kit/mongo-fault.js'
import { StoreError } from '../../store/errors.js'
import { PIECE_SIZE } from '../piece-buffers.js'
import type { PieceSink } from '../piece-writer.js'
import { type BlobCollections, newFileId } from './collections.js'

/** A staged file says this often that its writer lives: the collector's grace is a good deal longer (src/config/load.ts). */
const REFRESH_MS = 5_000
/** How often a file may come and go again between two steps of ours before somebody should hear of it. */
const ATTEMPTS = 10

export class Upload implements PieceSink<ObjectId> {
  readonly #collections: BlobCollections
  readonly #id = newFileId()
  #refreshed = 0

  constructor(collections: BlobCollections) {
    this.#collections = collections
  }

  async piece(blob: ObjectId | undefined, number: number, octets: Uint8Array): Promise<ObjectId> {
    if (blob === undefined) await this.#stage()
    else if (performance.now() - this.#refreshed > REFRESH_MS) await this.#refresh()
    const chunk = { _id: new ObjectId(), files_id: this.#id, n: number, data: octets }
    await this.#collections.ask('writing', this.#collections.chunks.insertOne(chunk))
    return this.#id
  }

  async finish(
    blob: ObjectId | undefined,
    octets: Uint8Array | undefined,
    hash: Uint8Array,
    size: number,
  ): Promise<void> {
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      if (await this.#isThere(hash)) {
        if (blob !== undefined || attempt > 0) await this.drop()
        return
      }
      // Only what is not there yet is written at all, where one piece is the whole.
      if (blob === undefined && attempt === 0) {
        if (octets === undefined) await this.#stage()
        else await this.piece(undefined, 0, octets)
      }
      if (await this.#becomeLive(hash, size)) return
    }
    throw new StoreError('unavailable', `blobs: writing: ${ATTEMPTS} times somebody else was faster`)
  }

  drop(): Promise<void> {
    return this.#collections.dropStaged(this.#id)
  }

  /** A read first: an update that finds nothing still waits for the majority. */
  async #isThere(hash: Uint8Array): Promise<boolean> {
    const { files, ask } = this.#collections
    const found = await ask('writing', files.findOne({ hash }, { projection: { _id: 1 } }))
    return found !== null && (await this.#collections.touch(hash))
  }

  /**
   * Not waited for: the chunks, which are, come after it. It is an upsert for the sake of the server's clock.
   */
  async #stage(): Promise<void> {
    const { files, ask } = this.#collections
    const fields = {
      length: 0,
      chunkSize: PIECE_SIZE,
      uploadDate: new Date(),
      state: 'staged' as const,
      codec: 0,
      keyId: null,
    }
    const update = { $setOnInsert: fields, $currentDate: { since: true } } as const
    await ask('writing', files.updateOne({ _id: this.#id }, update, { upsert: true, writeConcern: { w: 1 } }))
    this.#refreshed = performance.now()
  }

  async #refresh(): Promise<void> {
    this.#refreshed = performance.now()
    const { files, ask } = this.#collections
    const filter = { _id: this.#id, state: 'staged' as const }
    const { matchedCount } = await ask('writing', files.updateOne(filter, { $currentDate: { since: true } }))
    if (matchedCount === 0) throw gone()
  }

  /** False where another writer of the same octets was faster. */
  async #becomeLive(hash: Uint8Array, length: number): Promise<boolean> {
    const { files, ask } = this.#collections
    const filter = { _id: this.#id, state: 'staged' as const }
    const update = { $set: { hash, length, state: 'live' as const }, $currentDate: { since: true } } as const
    try {
      const { matchedCount } = await ask('writing', files.updateOne(filter, update))
      if (matchedCount > 0) return true
      await this.drop()
      throw gone()
    } catch (error) {
      if (error instanceof StoreError && isDuplicateKey(error.cause)) return false
      throw error
    }
  }
}

const gone = (): StoreError =>
  new StoreError(
    'unavailable',
    'blobs: writing: the collector, because it took so long, or a failover has removed it',
  )
