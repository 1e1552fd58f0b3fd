// One blob on its way in: gathered into pieces, a few of which may be under way at once, seen by nobody until it is whole.

import { createHash } from 'node:crypto'
import type { BlobWriter, StoredBlob } from '../blobs.js'
import type { BlobWrite } from './access.js'
import { givePieceBuffer, takePieceBuffer } from './piece-buffers.js'
import { PIECE_SIZE } from './schema.js'

/** Pieces handed to the writer and not yet durable. */
const PIECES_UNDER_WAY = 4

export class SqliteBlobWriter implements BlobWriter {
  readonly #write: BlobWrite
  readonly #hash = createHash('sha256')
  readonly #underWay = new Set<Promise<unknown>>()
  /** Taken with the first octets, handed on with each piece. */
  #buffer: Uint8Array | undefined
  #filled = 0
  #size = 0
  #pieces = 0
  #blob: Promise<number> | undefined
  #failure: unknown
  #done = false

  constructor(write: BlobWrite) {
    this.#write = write
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

  async finish(): Promise<StoredBlob> {
    const hash = this.#hash.digest()
    const size = this.#size
    if (this.#blob === undefined) {
      await this.#write('finish', { blob: undefined, octets: this.#buffer?.subarray(0, size), hash, size })
      if (this.#buffer !== undefined) givePieceBuffer(this.#buffer)
    } else {
      if (this.#filled > 0) await this.#sendPiece()
      await this.#settled()
      const blob = await this.#blob
      await this.#write('finish', { blob, octets: undefined, hash, size })
      // Where the octets were there already this copy is left over; else it is live, and drop does nothing.
      await this.#drop(blob)
    }
    this.#done = true
    return { hash: hash.toString('hex'), size }
  }

  async abort(): Promise<void> {
    if (this.#done) return
    this.#done = true
    if (this.#blob === undefined) return
    await Promise.allSettled(this.#underWay)
    // What cannot be dropped now is dropped at the next start.
    await this.#blob.then((blob) => this.#drop(blob)).catch(() => {})
  }

  async #drop(blob: number): Promise<void> {
    while (await this.#write('drop', { blob }));
  }

  async #sendPiece(): Promise<void> {
    const buffer = this.#buffer ?? takePieceBuffer()
    const octets = buffer.subarray(0, this.#filled)
    const number = this.#pieces++
    this.#buffer = undefined
    this.#filled = 0
    if (this.#blob === undefined) {
      this.#blob = this.#write('piece', { blob: undefined, number, octets })
      await this.#blob
      givePieceBuffer(buffer)
      return
    }
    const sent = this.#write('piece', { blob: await this.#blob, number, octets })
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

  async #settled(): Promise<void> {
    await Promise.all(this.#underWay)
    if (this.#failure !== undefined) throw this.#failure
  }
}
