// The blob store of many instances, in GridFS on MongoDB. src/blobs/blobs.ts says what each method promises.

import type { MongoClient } from 'mongodb'
import type { BlobStore } from '../blobs.js'
import { PieceWriter } from '../piece-writer.js'
import { BlobCollections } from './collections.js'
import { Collector } from './collector.js'
import { readBlob, verifyBlobs } from './reading.js'
import { Upload } from './upload.js'

const TIMEOUT_MS = 10_000

export interface GridfsOptions {
  /** Of whoever opened it, and closes it after the blob store. */
  readonly client: MongoClient
  readonly database: string
  /** Milliseconds until a call answers `unavailable`. */
  readonly timeoutMs?: number
}

/** Makes what is missing of collections and indexes; any number of instances may do so at once. Throws StoreError. */
export async function gridfsBlobs({
  client,
  database,
  timeoutMs = TIMEOUT_MS,
}: GridfsOptions): Promise<BlobStore> {
  const collections = new BlobCollections(client, database, timeoutMs)
  await collections.make()
  return {
    write: () => new PieceWriter(new Upload(collections)),
    read: (hash, start, end) => readBlob(collections, hash, start, end),
    touch: (hash) => collections.touch(Buffer.from(hash, 'hex')),
    verify: () => verifyBlobs(collections),
    async collect(graceMs, isReferenced) {
      return { deleted: await new Collector(collections, isReferenced).round(graceMs) }
    },
    close: async () => {},
  }
}
