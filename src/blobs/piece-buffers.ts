// Buffers for pieces on their way into a store. Each is used again, and a writer thread sees the same memory: copies of a
// large blob's pieces would lie about in the heaps until their collectors ran.

/** Octets of one piece: what one read takes, and what one write costs the writer. */
export const PIECE_SIZE = 256 * 1024

/** Pieces that wait here for the end of their blob, at the most. */
const MOST_HELD = 32

/** Kept for the next blob: what two writers have under way. */
const MOST_FREE = 8

const free: Uint8Array[] = []
let held = 0

/** A buffer of PIECE_SIZE octets with anything in it. */
export const takePieceBuffer = (): Uint8Array =>
  free.pop() ?? new Uint8Array(new SharedArrayBuffer(PIECE_SIZE))

/** Once nobody reads or writes it any more. */
export function givePieceBuffer(buffer: Uint8Array): void {
  if (free.length < MOST_FREE) free.push(buffer)
}

/** False where too many wait already; else `letGoPiece` follows. */
export function holdPiece(): boolean {
  if (held === MOST_HELD) return false
  held++
  return true
}

export function letGoPiece(): void {
  held--
}
