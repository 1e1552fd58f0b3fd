// The two values of a chunk, hot and cold, together: entries put behind the others, taken out, read. docs/adr/0001.

import type { FullColumns } from './columns.js'
import { type Entries, emptyCold, emptyHot } from './entries.js'
import {
  CHUNK_SIZE,
  chunkOf,
  decodeChunk,
  decodeCold,
  decodeHot,
  divideCold,
  divideHot,
  encodeCold,
  encodeHot,
  hotLength,
  joinCold,
  joinHot,
} from './index-codec.js'

export interface ChunkValues {
  readonly hot: Uint8Array
  readonly cold: Uint8Array
}

/** Entries of one chunk, packed to be put behind those that it has. */
export interface ChunkRun extends ChunkValues {
  readonly chunk: number
  /** True where the chunk cannot have entries before them. */
  readonly begins: boolean
}

/** Columns as packed values, one a chunk. */
export function* packRuns(columns: FullColumns): Iterable<ChunkRun> {
  for (let from = 0; from < columns.length; ) {
    const first = columns.uids[from] ?? 0
    const chunk = chunkOf(first)
    let to = from + 1
    while (to < columns.length && chunkOf(columns.uids[to] ?? 0) === chunk) to++
    // UID 0 does not exist: in every chunk but the first, the first UID has nothing before it.
    const begins = first % CHUNK_SIZE === 0
    yield {
      chunk,
      begins,
      hot: encodeHot(columns, from, to),
      cold: encodeCold(columns.uids, columns.cold, from, to),
    }
    from = to
  }
}

export const joinValues = (before: ChunkValues, run: ChunkValues): ChunkValues => ({
  hot: joinHot(before.hot, run.hot),
  cold: joinCold(before.cold, run.cold),
})

export interface TakenOut {
  /** What stays; undefined where nothing does. */
  readonly kept: ChunkValues | undefined
  readonly taken: ChunkValues
  readonly columns: FullColumns
}

/** Takes the entries marked in `take` out of a chunk: what stays, and what a tombstone keeps. */
export function takeOut(chunk: number, { hot, cold }: ChunkValues, take: Uint8Array): TakenOut {
  const hots = divideHot(hot, take)
  const colds = divideCold(cold, take)
  const taken = { hot: hots.taken, cold: colds.taken }
  const columns = decodeChunk(chunk, taken.hot, taken.cold)
  const all = columns.length === take.length
  return { kept: all ? undefined : { hot: hots.kept, cold: colds.kept }, taken, columns }
}

/** Chunks as they were read, in ascending order; `cold` where that was asked for. */
export interface ReadChunk {
  readonly chunk: number
  readonly hot: Uint8Array
  readonly cold?: Uint8Array
}

export function decodeChunks(
  chunks: readonly ReadChunk[],
  withCold: boolean,
): Entries & { readonly length: number } {
  const length = chunks.reduce((sum, { hot }) => sum + hotLength(hot), 0)
  const hot = emptyHot(length)
  const cold = withCold ? emptyCold(length) : undefined
  let at = 0
  for (const chunk of chunks) {
    const end = decodeHot(chunk.chunk, chunk.hot, hot, at)
    if (cold !== undefined && chunk.cold !== undefined) decodeCold(chunk.cold, hot.uids, cold, at)
    at = end
  }
  return { ...hot, length, ...(cold === undefined ? {} : { cold }) }
}
