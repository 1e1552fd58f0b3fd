// A list of UIDs in runs that lie in one chunk each, and in slices that are one transaction each.

import { chunkOf } from '../index-codec.js'
import { runEnd } from '../slices.js'

/** UIDs `from` … `to` - 1 of a list, all in one chunk. */
export interface Run {
  readonly chunk: number
  readonly from: number
  readonly to: number
}

export function runsOf(uids: Uint32Array): Run[] {
  const runs: Run[] = []
  for (let from = 0; from < uids.length; ) {
    const to = runEnd(uids, from)
    runs.push({ chunk: chunkOf(uids[from] ?? 0), from, to })
    from = to
  }
  return runs
}

/** A majority write costs much, whatever is in it: some 10 ms of the main thread, and 2 MB written at the most. */
const SLICE_UIDS = 16_384
const SLICE_CHUNKS = 256

/** Ascending UIDs in slices, each with whole runs. */
export function* slicesOf(uids: Uint32Array): Iterable<Uint32Array> {
  for (let from = 0; from < uids.length; ) {
    let to = from
    for (let chunks = 0; to < uids.length && chunks < SLICE_CHUNKS && to - from < SLICE_UIDS; chunks++)
      to = runEnd(uids, to)
    yield uids.subarray(from, to)
    from = to
  }
}
