// Joining and picking entries, column by column.

import { FLAG_WORDS } from '../model/flags.js'
import { type ColdColumns, type Entries, emptyCold, emptyHot, sliceEntries } from '../store/entries.js'

export { sliceEntries }

export const noEntries = (cold: boolean): Entries => ({
  length: 0,
  ...emptyHot(0),
  ...(cold ? { cold: emptyCold(0) } : {}),
})

function copyHot(from: Entries, start: number, end: number, to: Entries, at: number): void {
  to.uids.set(from.uids.subarray(start, end), at)
  to.modseqs.set(from.modseqs.subarray(start, end), at)
  to.flags.set(from.flags.subarray(start * FLAG_WORDS, end * FLAG_WORDS), at * FLAG_WORDS)
}

function copyCold(from: ColdColumns, start: number, end: number, to: ColdColumns, at: number): void {
  to.internalDates.set(from.internalDates.subarray(start, end), at)
  to.zones.set(from.zones.subarray(start, end), at)
  to.savedDates.set(from.savedDates.subarray(start, end), at)
  to.sizes.set(from.sizes.subarray(start, end), at)
  to.contents.set(from.contents.subarray(start, end), at)
  to.attachments.set(from.attachments.subarray(start, end), at)
}

/** Room for `length` entries with the same columns as `like`. */
export const roomFor = (length: number, like: Entries): Entries => ({
  length,
  ...emptyHot(length),
  ...(like.cold === undefined ? {} : { cold: emptyCold(length) }),
})

/** Copies entries [start, end) of `from` to `at`; both have the same columns. */
export function copyEntries(from: Entries, start: number, end: number, to: Entries, at: number): void {
  if (start === end) return
  copyHot(from, start, end, to, at)
  if (from.cold !== undefined && to.cold !== undefined) copyCold(from.cold, start, end, to.cold, at)
}

export function joinEntries(pages: readonly Entries[], cold: boolean): Entries {
  const [first] = pages
  if (first === undefined) return noEntries(cold)
  if (pages.length === 1) return first
  const joined = roomFor(
    pages.reduce((sum, page) => sum + page.length, 0),
    first,
  )
  let at = 0
  for (const page of pages) {
    copyEntries(page, 0, page.length, joined, at)
    at += page.length
  }
  return joined
}

/** Two lists in ascending order of UID as one; where both have a UID, `over` stands. */
export function mergeEntries(under: Entries, over: Entries): Entries {
  if (over.length === 0) return under
  if (under.length === 0) return over
  const merged = roomFor(under.length + over.length, under)
  let u = 0
  let o = 0
  let at = 0
  while (u < under.length || o < over.length) {
    const left = u < under.length ? (under.uids[u] as number) : Number.POSITIVE_INFINITY
    const right = o < over.length ? (over.uids[o] as number) : Number.POSITIVE_INFINITY
    if (left < right) {
      let end = u + 1
      while (end < under.length && (under.uids[end] as number) < right) end++
      copyEntries(under, u, end, merged, at)
      at += end - u
      u = end
    } else {
      copyEntries(over, o, o + 1, merged, at++)
      o++
      if (left === right) u++
    }
  }
  return at === merged.length ? merged : sliceEntries(merged, 0, at)
}

/** The entries at those positions, ascending; runs are copied whole. */
export function pickEntries(entries: Entries, positions: Uint32Array): Entries {
  const first = positions[0]
  const last = positions.at(-1)
  if (first === undefined || last === undefined) return sliceEntries(entries, 0, 0)
  if (last - first + 1 === positions.length) return sliceEntries(entries, first, last + 1)
  const picked = roomFor(positions.length, entries)
  for (let i = 0; i < positions.length; ) {
    const start = positions[i] as number
    let end = start + 1
    const at = i++
    while (i < positions.length && positions[i] === end) {
      end++
      i++
    }
    copyEntries(entries, start, end, picked, at)
  }
  return picked
}
