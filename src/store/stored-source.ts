// A source as both engines keep it: octets, and JSON that is parsed when somebody asks for it.

import { type SpanLimits, spansOf } from '../kit/spans.js'
import { DEFAULT_LIMITS } from '../mime/limits.js'
import type { Cut, Part } from '../model/message.js'
import type { StoredSource } from './messages.js'

export interface SourceColumns {
  readonly size: number
  readonly trace: Uint8Array
  readonly cuts: string
  readonly root: string
  readonly skeleton: Uint8Array
}

/** The tree of parts is parsed when somebody asks for it: most reads of a source do not. */
export class LazySource implements StoredSource {
  readonly trace: Uint8Array
  readonly skeleton: Uint8Array
  readonly cuts: readonly Cut[]
  readonly size: number
  readonly #json: string
  #root: Part | undefined

  constructor(row: SourceColumns) {
    this.trace = row.trace
    this.skeleton = row.skeleton
    this.cuts = row.cuts === '[]' ? [] : (JSON.parse(row.cuts) as Cut[])
    this.size = row.size
    this.#json = row.root
  }

  get root(): Part {
    this.#root ??= JSON.parse(this.#json) as Part
    return this.#root
  }
}

export const cutsJson = (cuts: readonly Cut[]): string => (cuts.length === 0 ? '[]' : JSON.stringify(cuts))

/** SHA-256 of each blob that the cuts name, once, 32 octets each. */
export const blobsOf = (cuts: readonly Cut[]): Buffer[] =>
  [...new Set(cuts.map((cut) => cut.blob))].map((hash) => Buffer.from(hash, 'hex'))

/**
 * Of a page of summaries. No field of one is much longer than its message's header, which is a small part of a large message: few
 * are longer than `octetsEach`, and none than four times that.
 */
const SUMMARIES = { octets: 8 * 2 ** 20, octetsEach: DEFAULT_LIMITS.header / 4 }

/** Contents in pages whose summaries hold little, at most `count` each. */
export function* summaryPagesOf(
  contents: Uint32Array,
  sizes: Float64Array,
  count: number,
): Iterable<Uint32Array> {
  for (const [from, end] of spansOf(sizes, { ...SUMMARIES, count })) yield contents.subarray(from, end)
}

/**
 * Contents in pages that hold little, whatever they are. Of a large message most octets are blobs: its skeleton is not much
 * longer than it may be before that happens.
 */
export function* sourcePagesOf(
  contents: Uint32Array,
  sizes: Float64Array,
  most: Pick<SpanLimits, 'octets' | 'count'>,
): Iterable<Uint32Array> {
  for (const [from, end] of spansOf(sizes, { ...most, octetsEach: DEFAULT_LIMITS.spillAt }))
    yield contents.subarray(from, end)
}
