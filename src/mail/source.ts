// The octets of a stored message, whole or any range of them: trace lines, skeleton, and blobs where its large bodies were
// cut out. Nothing outside the range is read or decoded. docs/architecture.md, idea 5.

import { Turn } from '../kit/turn.js'
import { HeaderFilter } from '../mime/header-filter.js'
import { type BlobStep, pieceEncoder, planRange } from '../mime/rebuild.js'
import { findSection, type Section } from '../mime/section.js'
import type { AccountId } from '../model/ids.js'
import type { Part } from '../model/message.js'
import type { StoredSource } from '../store/messages.js'
import type { Services } from './services.js'

/** Octets of a blob made ready at once: small, so that what a large message leaves behind dies young. */
const ENCODED_AT_ONCE = 32_768
/** Octets of a header filtered before others may have their turn. */
const FILTERED_AT_ONCE = 65_536
/** Filtered octets that are kept at hand; of more only the length is, and they are filtered again to be sent. */
const FILTERED_KEPT = 262_144

export interface SectionOctets {
  readonly length: number
  /** Octets [from, to) of it, in pieces. */
  read(from: number, to: number): AsyncIterable<Uint8Array>
}

export class MessageSource {
  readonly #services: Services
  readonly #stored: StoredSource
  /** Made once, however many sections are asked for. */
  #whole: Uint8Array | undefined

  constructor(services: Services, stored: StoredSource) {
    this.#services = services
    this.#stored = stored
  }

  /** RFC822.SIZE: octets with the trace lines. */
  get size(): number {
    return this.#stored.trace.length + this.#stored.size
  }

  get traceLength(): number {
    return this.#stored.trace.length
  }

  get root(): Part {
    return this.#stored.root
  }

  /** The whole message where nothing was cut out of it: no waiting, nothing copied but the join with the trace. */
  inMemory(): Uint8Array | undefined {
    const { trace, skeleton, cuts } = this.#stored
    if (cuts.length > 0) return undefined
    this.#whole ??= trace.length === 0 ? skeleton : Buffer.concat([trace, skeleton])
    return this.#whole
  }

  /** Octets [start, end) of the message, trace lines first, in small pieces. */
  async *read(start = 0, end = this.size): AsyncGenerator<Uint8Array, void, undefined> {
    const { trace } = this.#stored
    if (start < trace.length) yield trace.subarray(start, Math.min(end, trace.length))
    const from = Math.max(0, start - trace.length)
    const to = Math.min(end - trace.length, this.#stored.size)
    if (to > from) yield* this.readOriginal(from, to)
  }

  /** The same, counted from the end of the trace lines, as the spans of parts are. */
  async *readOriginal(start: number, end: number): AsyncGenerator<Uint8Array, void, undefined> {
    for (const step of planRange(this.#stored, start, end)) {
      if (step.kind === 'skeleton') yield this.#stored.skeleton.subarray(step.start, step.end)
      else yield* this.#readBlob(step)
    }
  }

  async *#readBlob(step: BlobStep): AsyncGenerator<Uint8Array, void, undefined> {
    const encode = pieceEncoder(step)
    for await (const piece of this.#services.blobs.read(step.hash, step.start, step.end)) {
      for (let at = 0; at < piece.length; at += ENCODED_AT_ONCE) {
        const octets = encode(piece.subarray(at, at + ENCODED_AT_ONCE))
        if (octets.length > 0) yield octets
      }
    }
  }

  /**
   * What FETCH BODY[section] addresses (RFC 3501 §6.4.5), undefined where there is no such part. The message's own header
   * begins with the trace lines.
   */
  async section(section: Section): Promise<SectionOctets | undefined> {
    const span = findSection(this.root, section)
    if (span === 'absent') return undefined
    const ofMessage = section.part.length === 0 && section.text !== 'TEXT'
    const shift = this.traceLength
    const start = ofMessage ? 0 : shift + span.start
    const end = shift + span.end
    if (section.names === undefined) {
      return { length: end - start, read: (from, to) => this.read(start + from, Math.min(start + to, end)) }
    }
    return this.#filtered(start, end, section.names, section.text === 'HEADER.FIELDS.NOT')
  }

  /** A header of [start, end) without the fields that are not asked for: in pieces, for it may be nearly all of a message. */
  async #filtered(
    start: number,
    end: number,
    names: readonly string[],
    not: boolean,
  ): Promise<SectionOctets> {
    const filtered = () => filterPieces(this.read(start, end), new HeaderFilter(names, not))
    const kept: Uint8Array[] = []
    let length = 0
    for await (const piece of filtered()) {
      length += piece.length
      if (length <= FILTERED_KEPT) kept.push(piece)
    }
    const all = length <= FILTERED_KEPT ? [Buffer.concat(kept)] : undefined
    return { length, read: (from, to) => rangeOf(all ?? filtered(), from, to) }
  }
}

async function* filterPieces(
  header: AsyncIterable<Uint8Array>,
  filter: HeaderFilter,
): AsyncGenerator<Uint8Array, void, undefined> {
  const turn = new Turn()
  for await (const piece of header) {
    const octets = Buffer.from(piece.buffer, piece.byteOffset, piece.length)
    for (let at = 0; at < octets.length; at += FILTERED_AT_ONCE) {
      const kept = filter.push(octets.subarray(at, at + FILTERED_AT_ONCE))
      if (kept.length > 0) yield Buffer.concat(kept)
      if (turn.over) await turn.pass()
    }
  }
  yield* filter.end()
}

/** Octets [from, to) of what comes in these pieces. */
async function* rangeOf(
  pieces: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  from: number,
  to: number,
): AsyncGenerator<Uint8Array, void, undefined> {
  let at = 0
  for await (const piece of pieces) {
    const octets = piece.subarray(Math.max(0, from - at), Math.max(0, to - at))
    if (octets.length > 0) yield octets
    at += piece.length
    if (at >= to) return
  }
}

/**
 * In the order of `contents`; undefined where one is gone. Few are read before they are asked for. `sizes`: RFC822.SIZE of
 * each. Throws StoreError.
 */
export async function* openSources(
  services: Services,
  account: AccountId,
  contents: Uint32Array,
  sizes: Float64Array,
): AsyncGenerator<MessageSource | undefined, void, undefined> {
  for await (const page of services.store.sources(account, contents, sizes))
    for (const stored of page) yield stored === undefined ? undefined : new MessageSource(services, stored)
}

export type { Section }
