// The collections of blobs on MongoDB: a GridFS bucket `blobs`, whose files have random ids and carry the hash as a field,
// unique where there is one. https://github.com/mongodb/specifications/blob/master/source/gridfs/gridfs-spec.md

import { randomBytes } from 'node:crypto'
import {
  type Collection,
  type Db,
  type IndexDescription,
  type MongoClient,
  ObjectId,
  ReadConcern,
} from 'mongodb'
import { makeCollection } from '../../kit/mongo-collection.js'
import { mongoFaultOf } from '../../kit/mongo-fault.js'
import { within } from '../../kit/within.js'
import { StoreError } from '../../store/errors.js'

export interface FileDocument {
  readonly _id: ObjectId
  readonly length: number
  readonly chunkSize: number
  readonly uploadDate: Date
  /** SHA-256 of the octets: set while somebody may find them. */
  readonly hash?: Uint8Array
  /**
   * `staged`: being written. `live`. `dying`: nothing refers to it. `buried`: its chunks go, nobody finds it, and it
   * stays for another grace, so that what a late writer adds goes too.
   */
  readonly state: 'staged' | 'live' | 'dying' | 'buried'
  /** By the server's clock: when it was used last (staged, live), or when it came into its state. */
  readonly since: Date
  readonly codec: number
  readonly keyId: string | null
}

export interface ChunkDocument {
  readonly _id: ObjectId
  readonly files_id: ObjectId
  readonly n: number
  readonly data: Uint8Array
}

const FILES = 'blobs.files'
const CHUNKS = 'blobs.chunks'

const FILE_INDEXES: readonly IndexDescription[] = [
  { key: { hash: 1 }, name: 'by_hash', unique: true, partialFilterExpression: { hash: { $exists: true } } },
  { key: { state: 1, since: 1 }, name: 'by_state' },
]
const CHUNK_INDEXES: readonly IndexDescription[] = [
  { key: { files_id: 1, n: 1 }, name: 'by_file', unique: true },
]

/** Spread over the whole range, so that a shard key on it is. */
export const newFileId = (): ObjectId => new ObjectId(randomBytes(12))

export class BlobCollections {
  readonly client: MongoClient
  readonly files: Collection<FileDocument>
  readonly chunks: Collection<ChunkDocument>
  readonly #db: Db
  readonly #timeoutMs: number

  constructor(client: MongoClient, database: string, timeoutMs: number) {
    this.client = client
    this.#timeoutMs = timeoutMs
    this.#db = client.db(database, {
      readConcern: new ReadConcern('majority'),
      readPreference: 'primary',
      writeConcern: { w: 'majority', journal: true },
      promoteBuffers: true,
    })
    this.files = this.#db.collection(FILES)
    this.chunks = this.#db.collection(CHUNKS)
  }

  /** Any number of instances may do it at once. */
  async make(): Promise<void> {
    await this.ask('making collections', makeCollection(this.#db, FILES, FILE_INDEXES))
    await this.ask('making collections', makeCollection(this.#db, CHUNKS, CHUNK_INDEXES))
  }

  /** The answer, or a StoreError within the time that a caller can be asked to wait. */
  readonly ask = async <T>(doing: string, work: Promise<T>): Promise<T> => {
    try {
      return await within(work, this.#timeoutMs)
    } catch (error) {
      const fault = mongoFaultOf(error)
      if (fault === undefined) throw error
      const why = error instanceof Error ? error.message : String(error)
      throw new StoreError(fault, `blobs: ${doing}: ${why}`, { cause: error })
    }
  }

  /** Sets when it was used last to now, and revives it where it was dying; false where it is not there. */
  async touch(hash: Uint8Array): Promise<boolean> {
    const touched = await this.ask(
      'touching',
      this.files.updateOne({ hash }, { $set: { state: 'live' }, $currentDate: { since: true } }),
    )
    return touched.matchedCount > 0
  }

  /** Deletes the chunks, then the file, of one that nobody can find. What is left by a crash the collector finds. */
  async dropStaged(id: ObjectId): Promise<void> {
    const buried = await this.ask(
      'dropping',
      this.files.updateOne(
        { _id: id, state: 'staged' },
        { $set: { state: 'buried' }, $currentDate: { since: true } },
      ),
    )
    // It became whole after all, or somebody else is at it; or a failover has lost it, and nobody would find its chunks.
    if (buried.modifiedCount === 0 && (await this.#isThere(id))) return
    await this.ask('dropping', this.chunks.deleteMany({ files_id: id }))
    await this.ask('dropping', this.files.deleteOne({ _id: id, state: 'buried' }))
  }

  /** By a read that cannot be behind: a new primary may not know yet that a file which is whole is the majority's. */
  async #isThere(_id: ObjectId): Promise<boolean> {
    const options = { projection: { _id: 1 }, readConcern: { level: 'linearizable' } } as const
    return (await this.ask('dropping', this.files.findOne({ _id }, options))) !== null
  }
}
