// One blob on its way in: gathered into pieces, a few of which may be under way at once, seen by nobody until it is whole.
// The engine says how a piece and the end are written.

import { createHash } from 'node:crypto'
import type { BlobWriter, StoredBlob } from './blobs.js'
import { givePieceBuffer, holdPiece, letGoPiece, PIECE_SIZE, takePieceBuffer } from './piece-buffers.js'

/** Pieces handed to the engine and not yet durable. */
const PIECES_UNDER_WAY = 4

export interface PieceSink<Id> {
  /** Writes one piece; without an id it is the first, and the blob is made with it. Durable once this resolves. */
  piece(blob: Id | undefined, number: number, octets: Uint8Array): Promise<Id>
  /**
   * Makes the blob whole, or refreshes the one that has these octets already and drops this copy. Without an id no piece
   * was sent: all octets, or none, come here.
   */
  finish(
    blob: Id | undefined,
    octets: Uint8Array | undefined,
    hash: Uint8Array,
    size: number,
  ): Promise<unknown>
  /** Deletes a blob that is not whole. */
  drop(blob: Id): Promise<void>
}

export class PieceWriter<Id> implements BlobWriter {
  readonly #sink: PieceSink<Id>
  readonly #hash = createHash('sha256')
  readonly #underWay = new Set<Promise<unknown>>()
  /** Taken with the first octets, handed on with each piece. */
  #buffer: Uint8Array | undefined
  #filled = 0
  #size = 0
  #pieces = 0
  #blob: Promise<Id> | undefined
  #failure: unknown
  #hex: string | undefined
  #held = false
  #done = false

  constructor(sink: PieceSink<Id>) {
    this.#sink = sink
  }

  async write(octets: Uint8Array): Promise<void> {
    this.#hash.update(octets)
    this.#size += octets.length
    for (let rest = octets; rest.length > 0; ) {
      if (this.#filled === PIECE_SIZE) await this.#sendPiece()
      this.#buffer ??= takePieceBuffer()
      const part = rest.subarray(0, PIECE_SIZE - this.#filled)
      this.#buffer.set(part, this.#filled)
      this.#filled += part.length
      rest = rest.subarray(part.length)
    }
  }

  async seal(): Promise<StoredBlob> {
    // What is one piece goes with the end where it can: that is one write, and none where the blob is there already.
    if (this.#blob === undefined) this.#held = holdPiece()
    if (!this.#held) await this.#sendRest()
    return this.#stored()
  }

  async finish(): Promise<StoredBlob> {
    const stored = this.#stored()
    const hash = Buffer.from(stored.hash, 'hex')
    if (this.#blob === undefined) {
      await this.#sink.finish(undefined, this.#buffer?.subarray(0, this.#size), hash, this.#size)
      if (this.#buffer !== undefined) givePieceBuffer(this.#buffer)
    } else {
      await this.#sendRest()
      await this.#sink.finish(await this.#blob, undefined, hash, this.#size)
    }
    this.#end()
    return stored
  }

  async abort(): Promise<void> {
    if (this.#done) return
    this.#end()
    if (this.#blob === undefined) return
    await Promise.allSettled(this.#underWay)
    // What cannot be dropped now is left to the engine's collector.
    await this.#blob.then((blob) => this.#sink.drop(blob)).catch(() => {})
  }

  #stored(): StoredBlob {
    this.#hex ??= this.#hash.digest('hex')
    return { hash: this.#hex, size: this.#size }
  }

  #end(): void {
    this.#done = true
    if (this.#held) letGoPiece()
    this.#held = false
  }

  async #sendRest(): Promise<void> {
    if (this.#filled > 0) await this.#sendPiece()
    await Promise.all(this.#underWay)
    if (this.#failure !== undefined) throw this.#failure
  }

  async #sendPiece(): Promise<void> {
    const buffer = this.#buffer ?? takePieceBuffer()
    const octets = buffer.subarray(0, this.#filled)
    const number = this.#pieces++
    this.#buffer = undefined
    this.#filled = 0
    if (this.#blob === undefined) {
      this.#blob = this.#sink.piece(undefined, number, octets)
      await this.#blob
      givePieceBuffer(buffer)
      return
    }
    const sent = this.#sink
      .piece(await this.#blob, number, octets)
      .catch((error: unknown) => {
        this.#failure ??= error
      })
      .finally(() => {
        this.#underWay.delete(sent)
        givePieceBuffer(buffer)
      })
    this.#underWay.add(sent)
    while (this.#underWay.size >= PIECES_UNDER_WAY) await Promise.race(this.#underWay)
    if (this.#failure !== undefined) throw this.#failure
  }
}
