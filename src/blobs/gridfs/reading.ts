// Reading blobs from GridFS: the file by its hash, then chunks by number, a few at a time, so that a slow reader holds
// nothing on the server.

import { createHash } from 'node:crypto'
import type { ClientSession, ObjectId } from 'mongodb'
import { isStoreError, StoreError } from '../../store/errors.js'
import { PIECE_SIZE } from '../piece-buffers.js'
import type { BlobCollections } from './collections.js'

/** Chunks of one answer. */
const CHUNKS = 4
/** Files of one answer. */
const FILES = 256

interface FoundFile {
  readonly _id: ObjectId
  readonly length: number
}

const PROJECTION = { projection: { length: 1 } }

const missing = (hash: string): StoreError => new StoreError('corrupt', `blob ${hash} is not there`)

/** Octets [start, end) of a blob. The session makes its chunks at least as new as the file. */
export async function* readBlob(
  collections: BlobCollections,
  hash: string,
  start: number,
  end: number,
): AsyncIterable<Uint8Array> {
  let session = collections.client.startSession({ causalConsistency: true })
  try {
    let file = await findFile(collections, hash, session, 'majority')
    if (file === null) {
      // A new primary may not know yet that what it has is the majority's: one read that cannot be behind tells, and
      // what is read after it in its session is not behind it. Such a read takes a session without a floor.
      await session.endSession()
      session = collections.client.startSession({ causalConsistency: true })
      file = await findFile(collections, hash, session, 'linearizable')
    }
    if (file === null) throw missing(hash)
    yield* readChunks(collections, file, start, Math.min(end, file.length), session, hash)
  } finally {
    session.endSession().catch(() => {})
  }
}

function findFile(
  { files, ask }: BlobCollections,
  hash: string,
  session: ClientSession,
  level: 'majority' | 'linearizable',
): Promise<FoundFile | null> {
  const options = { ...PROJECTION, session, readConcern: { level } }
  return ask('reading', files.findOne({ hash: Buffer.from(hash, 'hex') }, options))
}

async function* readChunks(
  collections: BlobCollections,
  { _id, length }: FoundFile,
  start: number,
  end: number,
  session: ClientSession,
  hash: string,
): AsyncIterable<Uint8Array> {
  for (let at = Math.max(0, start); at < end; ) {
    const first = Math.floor(at / PIECE_SIZE)
    const last = Math.min(first + CHUNKS - 1, Math.floor((end - 1) / PIECE_SIZE))
    const chunks = await findChunks(collections, _id, first, last, session)
    for (let n = first; n <= last; n++) {
      const { data, n: number } = chunks[n - first] ?? {}
      const base = n * PIECE_SIZE
      if (data === undefined || number !== n || data.length !== Math.min(PIECE_SIZE, length - base))
        throw missing(hash)
      const part = data.subarray(at - base, end - base)
      at += part.length
      yield part
    }
  }
}

function findChunks(
  { chunks, ask }: BlobCollections,
  file: ObjectId,
  first: number,
  last: number,
  session: ClientSession,
) {
  const filter = { files_id: file, n: { $gte: first, $lte: last } }
  const options = { projection: { _id: 0, n: 1, data: 1 }, sort: { n: 1 }, session } as const
  return ask('reading', chunks.find(filter, options).toArray())
}

/** Every blob, its hash as recorded and as computed again; one that goes meanwhile is left out. */
export async function* verifyBlobs(
  collections: BlobCollections,
): AsyncIterable<{ hash: string; size: number; computed: string }> {
  let last: ObjectId | undefined
  for (;;) {
    const page = await findPage(collections, last)
    for (const { _id, hash, length } of page) {
      last = _id
      if (hash === undefined) continue
      const recorded = Buffer.from(hash).toString('hex')
      const computed = await hashOf(collections, { _id, length }, recorded)
      if (computed === recorded || (await isStillThere(collections, _id, hash)))
        yield { hash: recorded, size: length, computed }
    }
    if (page.length < FILES) return
  }
}

function findPage({ files, ask }: BlobCollections, after: ObjectId | undefined) {
  const filter = after === undefined ? {} : { _id: { $gt: after } }
  const options = { projection: { hash: 1, length: 1 }, sort: { _id: 1 }, limit: FILES } as const
  return ask('verifying', files.find(filter, options).toArray())
}

async function hashOf(collections: BlobCollections, file: FoundFile, recorded: string): Promise<string> {
  const session = collections.client.startSession({ causalConsistency: true })
  const computed = createHash('sha256')
  try {
    const octets = readChunks(collections, file, 0, file.length, session, recorded)
    for await (const part of octets) computed.update(part)
  } catch (error) {
    // What is missing makes another hash.
    if (!isStoreError(error, 'corrupt')) throw error
  } finally {
    session.endSession().catch(() => {})
  }
  return computed.digest('hex')
}

async function isStillThere(
  { files, ask }: BlobCollections,
  _id: ObjectId,
  hash: Uint8Array,
): Promise<boolean> {
  const options = { projection: { _id: 1 }, readConcern: { level: 'linearizable' } } as const
  return (await ask('verifying', files.findOne({ _id, hash }, options))) !== null
}
