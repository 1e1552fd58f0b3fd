// Which entries of a chunk a list of UIDs names: long mutations go through such a list in slices, chunk after chunk.

import { DELETED, FLAG_WORDS } from '../model/flags.js'
import { unionOf } from '../model/number-set.js'
import type { HotColumns } from './entries.js'
import { chunkOf } from './index-codec.js'

/** The end of the run of `uids` from `at` that lie in one chunk. */
export function runEnd(uids: Uint32Array, at: number): number {
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

/** Leaves of the marked entries those that bear \Deleted; where `all`, marks all that do. How many are marked then. */
export function markDeleted(hot: HotColumns, take: Uint8Array, all: boolean): number {
  let marked = 0
  for (let entry = 0; entry < take.length; entry++) {
    const deleted = ((hot.flags[entry * FLAG_WORDS] ?? 0) & DELETED) !== 0
    take[entry] = deleted && (all || take[entry] === 1) ? 1 : 0
    marked += take[entry] ?? 0
  }
  return marked
}

/** Ascending and each once, in a buffer of its own: what the mutations expect. */
export function ascending(uids: Uint32Array): Uint32Array {
  for (let at = 1; at < uids.length; at++) if ((uids[at] ?? 0) <= (uids[at - 1] ?? 0)) return unionOf([uids])
  return uids.byteLength === uids.buffer.byteLength ? uids : uids.slice()
}
