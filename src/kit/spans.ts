// Neighbours that are dealt with at once.

/** What one span may hold. */
export interface SpanLimits {
  readonly octets: number
  readonly count: number
  /** No item counts for more octets than this. */
  readonly octetsEach: number
}

/** Where each span begins and ends (exclusive): at least one item, and no more than `most` says. */
export function* spansOf(
  sizes: Float64Array,
  most: SpanLimits,
): Iterable<readonly [from: number, end: number]> {
  let from = 0
  let octets = 0
  for (let at = 0; at < sizes.length; at++) {
    const size = Math.min(sizes[at] ?? 0, most.octetsEach)
    if (at > from && (octets + size > most.octets || at - from === most.count)) {
      yield [from, at]
      from = at
      octets = 0
    }
    octets += size
  }
  if (from < sizes.length) yield [from, sizes.length]
}
