// Large buffers for answers, used again once their octets have been handed to the system: a FETCH of 50,000 messages fills
// dozens, and making each anew costs more than filling it.

/** Octets of one. */
export const POOLED = 131_072
/** How many are kept for the next answer. */
const MAX_KEPT = 16

const free: Buffer[] = []

export const takeBuffer = (): Buffer => free.pop() ?? Buffer.allocUnsafeSlow(POOLED)

/** Gives back the memory behind `octets`, if it came from here. Nobody may read it afterwards. */
export function giveBack(octets: Uint8Array): void {
  const { buffer } = octets
  if (buffer.byteLength === POOLED && free.length < MAX_KEPT) free.push(Buffer.from(buffer))
}
