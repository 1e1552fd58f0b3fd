// Buffers for pieces on their way to the writer thread. Both threads see the same memory and each buffer is used again:
// copies of a large blob's pieces would lie about in two heaps until their collectors ran.

import { PIECE_SIZE } from './schema.js'

/** Kept for the next blob: what two writers have under way. */
const MOST_FREE = 8

const free: Uint8Array[] = []

/** A buffer of PIECE_SIZE octets with anything in it. */
export const takePieceBuffer = (): Uint8Array =>
  free.pop() ?? new Uint8Array(new SharedArrayBuffer(PIECE_SIZE))

/** Once nobody reads or writes it any more. */
export function givePieceBuffer(buffer: Uint8Array): void {
  if (free.length < MOST_FREE) free.push(buffer)
}
