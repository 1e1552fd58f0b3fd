// Entries in columns, picked, moved and put together: what every engine does with them between reading a chunk and writing
// one. src/store/entries.ts; docs/adr/0001.

import { DELETED, FLAG_WORDS, SEEN } from '../model/flags.js'
import { joinLists } from '../model/number-set.js'
import {
  type ColdColumns,
  type Entries,
  emptyCold,
  emptyHot,
  type HotColumns,
  sliceEntries,
} from './entries.js'

export type FullColumns = HotColumns & { readonly length: number; readonly cold: ColdColumns }

type SomeColumns = HotColumns & { readonly length: number; readonly cold?: ColdColumns }

export function emptyColumns(length: number): FullColumns {
  const { uids, modseqs, flags } = emptyHot(length)
  return { uids, modseqs, flags, length, cold: emptyCold(length) }
}

export function copyHot(source: HotColumns, from: number, target: HotColumns, to: number): void {
  target.uids[to] = source.uids[from] ?? 0
  target.modseqs[to] = source.modseqs[from] ?? 0
  for (let word = 0; word < FLAG_WORDS; word++)
    target.flags[to * FLAG_WORDS + word] = source.flags[from * FLAG_WORDS + word] ?? 0
}

export function copyEntry(source: FullColumns, from: number, target: FullColumns, to: number): void {
  copyHot(source, from, target, to)
  target.cold.internalDates[to] = source.cold.internalDates[from] ?? 0
  target.cold.zones[to] = source.cold.zones[from] ?? 0
  target.cold.savedDates[to] = source.cold.savedDates[from] ?? 0
  target.cold.sizes[to] = source.cold.sizes[from] ?? 0
  target.cold.contents[to] = source.cold.contents[from] ?? 0
  target.cold.attachments[to] = source.cold.attachments[from] ?? 0
}

/** The entries marked in `take`, `count` of them. */
export function pick(columns: FullColumns, take: Uint8Array, count: number): FullColumns {
  const picked = emptyColumns(count)
  for (let from = 0, to = 0; from < columns.length; from++)
    if (take[from] === 1) copyEntry(columns, from, picked, to++)
  return picked
}

const lengthOf = (parts: readonly { readonly length: number }[]): number =>
  parts.reduce((sum, part) => sum + part.length, 0)

export const uidsOf = (parts: readonly FullColumns[]): Uint32Array => joinLists(parts.map(({ uids }) => uids))

/** One behind the other, with UIDs from `firstUid`, a modseq and the time at which they came there. */
export function placed(
  parts: readonly FullColumns[],
  firstUid: number,
  modseq: number,
  now: number,
): FullColumns {
  const all = emptyColumns(lengthOf(parts))
  let to = 0
  for (const part of parts) for (let from = 0; from < part.length; from++) copyEntry(part, from, all, to++)
  for (let at = 0; at < all.length; at++) all.uids[at] = firstUid + at
  all.modseqs.fill(modseq)
  all.cold.savedDates.fill(now)
  return all
}

/** Moves the entries that `keep` accepts to the front of their columns, and gives those. */
export function keepEntries(entries: SomeColumns, keep: (at: number) => boolean): Entries {
  const { uids, modseqs, flags, cold, length } = entries
  let to = 0
  for (let from = 0; from < length; from++) {
    if (!keep(from)) continue
    if (to !== from) {
      uids[to] = uids[from] ?? 0
      modseqs[to] = modseqs[from] ?? 0
      flags.copyWithin(to * FLAG_WORDS, from * FLAG_WORDS, (from + 1) * FLAG_WORDS)
      if (cold !== undefined) for (const column of Object.values(cold)) column.copyWithin(to, from, from + 1)
    }
    to++
  }
  return to === length ? entries : sliceEntries(entries, 0, to)
}

/** Single entries of several chunks as columns of their own, in ascending order of UID. */
export function gatherEntries(found: readonly { columns: FullColumns; at: number }[]): Entries {
  const entries = emptyColumns(found.length)
  const uidAt = ({ columns, at }: { columns: FullColumns; at: number }): number => columns.uids[at] ?? 0
  found
    .toSorted((a, b) => uidAt(a) - uidAt(b))
    .forEach(({ columns, at }, to) => {
      copyEntry(columns, at, entries, to)
    })
  return entries
}

/** What a mailbox counts. */
export interface Counters {
  messages: number
  unseen: number
  deleted: number
  octets: number
}

/** Adds (sign 1) or takes away (-1) entries from a mailbox's counters; returns their octets. */
export function tally(counters: Counters, columns: FullColumns, sign: 1 | -1): number {
  let unseen = 0
  let deleted = 0
  let octets = 0
  for (let at = 0; at < columns.length; at++) {
    const word = columns.flags[at * FLAG_WORDS] ?? 0
    if ((word & SEEN) === 0) unseen++
    if ((word & DELETED) !== 0) deleted++
    octets += columns.cold.sizes[at] ?? 0
  }
  counters.messages += sign * columns.length
  counters.unseen += sign * unseen
  counters.deleted += sign * deleted
  counters.octets += sign * octets
  return octets
}
