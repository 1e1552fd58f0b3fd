// Numbers that look random and are the same for the same seed, for tests that print it.

/** A whole number from 0 up to, not including, `below`. */
export type Random = (below: number) => number

/** xorshift32 (Marsaglia 2003). */
export function randomNumbers(seed: number): Random {
  let state = (seed ^ 0x9e3779b9) | 0 || 1
  return (below) => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return below <= 0 ? 0 : (state >>> 0) % below
  }
}
