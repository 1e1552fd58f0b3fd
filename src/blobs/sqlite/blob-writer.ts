// One blob on its way in: gathered into pieces, a few of which may be under way at once, seen by nobody until it is whole.

import { createHash } from 'node:crypto'
import type { BlobWriter, StoredBlob } from '../blobs.js'
import type { BlobWrite } from './access.js'
import { PIECE_SIZE } from './schema.js'

/** Pieces handed to the writer and not yet durable. */
const PIECES_UNDER_WAY = 4
/** A blob that fits one piece begins with a small buffer that grows. */
const FIRST_BUFFER = 16 * 1024

export class SqliteBlobWriter implements BlobWriter {
  readonly #write: BlobWrite
  readonly #hash = createHash('sha256')
  readonly #underWay = new Set<Promise<unknown>>()
  #buffer = new Uint8Array(FIRST_BUFFER)
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
      this.#reserve(Math.min(PIECE_SIZE, this.#filled + rest.length))
      const part = rest.subarray(0, this.#buffer.length - this.#filled)
      this.#buffer.set(part, this.#filled)
      this.#filled += part.length
      rest = rest.subarray(part.length)
    }
  }

  async finish(): Promise<StoredBlob> {
    this.#done = true
    const hash = this.#hash.digest()
    const size = this.#size
    const tail = this.#buffer.slice(0, this.#filled)
    if (this.#blob === undefined) {
      await this.#write('finish', { blob: undefined, octets: size === 0 ? undefined : tail, hash, size })
    } else {
      if (tail.length > 0) await this.#sendPiece()
      await this.#settled()
      const blob = await this.#blob
      await this.#write('finish', { blob, octets: undefined, hash, size })
      // Where the octets were there already this copy is left over; else it is live, and drop does nothing.
      await this.#drop(blob)
    }
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

  /** Room for `length` octets: doubled, up to a piece. */
  #reserve(length: number): void {
    if (length <= this.#buffer.length) return
    const larger = new Uint8Array(Math.min(PIECE_SIZE, Math.max(length, this.#buffer.length * 2)))
    larger.set(this.#buffer.subarray(0, this.#filled))
    this.#buffer = larger
  }

  async #sendPiece(): Promise<void> {
    const octets = this.#buffer.slice(0, this.#filled)
    const number = this.#pieces++
    this.#filled = 0
    if (this.#blob === undefined) {
      this.#blob = this.#write('piece', { blob: undefined, number, octets })
      await this.#blob
      return
    }
    const sent = this.#write('piece', { blob: await this.#blob, number, octets })
      .catch((error: unknown) => {
        this.#failure ??= error
      })
      .finally(() => this.#underWay.delete(sent))
    this.#underWay.add(sent)
    while (this.#underWay.size >= PIECES_UNDER_WAY) await Promise.race(this.#underWay)
    if (this.#failure !== undefined) throw this.#failure
  }

  async #settled(): Promise<void> {
    await Promise.all(this.#underWay)
    if (this.#failure !== undefined) throw this.#failure
  }
}
