// Long mutations run in slices: each takes about this much of the writer, then others have their turn.

export const SLICE_MS = 8

/** The end of the run of `uids` from `at` that lie in one chunk. */
export function runEnd(uids: Uint32Array, at: number, chunkOf: (uid: number) => number): number {
  const chunk = chunkOf(uids[at] ?? 0)
  let end = at + 1
  while (end < uids.length && chunkOf(uids[end] ?? 0) === chunk) end++
  return end
}

/** Marks in `take` (one octet an entry) the entries whose UID is among `wanted` from `from` to `to` - 1; both ascend. */
export function markWanted(
  entries: Uint32Array,
  wanted: Uint32Array,
  from: number,
  to: number,
  take: Uint8Array,
): number {
  let marked = 0
  for (let entry = 0, at = from; entry < entries.length && at < to; ) {
    const have = entries[entry] ?? 0
    const want = wanted[at] ?? 0
    if (have === want) {
      take[entry] = 1
      marked++
      entry++
      at++
    } else if (have < want) entry++
    else at++
  }
  return marked
}
