// STORE (RFC 3501 §6.4.6) on the columns of a chunk: deltas of flags, with UNCHANGEDSINCE judged per entry (RFC 7162
// §3.1.3), the counters that follow, and what a slice has found.

import { DELETED, FLAG_WORDS, type FlagChange, SEEN } from '../model/flags.js'
import { type Counters, copyHot } from './columns.js'
import { emptyHot, type HotColumns } from './entries.js'

export interface FlagsFound extends HotColumns {
  readonly changed: number
  readonly modified: Uint32Array
  readonly missing: Uint32Array
}

/** What a slice has found so far, `most` entries at the most. */
class Gathered {
  readonly #columns: HotColumns
  #length = 0
  readonly modified: number[] = []
  readonly missing: number[] = []
  changed = 0

  constructor(most: number) {
    this.#columns = emptyHot(most)
  }

  entry(columns: HotColumns, at: number): void {
    copyHot(columns, at, this.#columns, this.#length++)
  }

  result(): FlagsFound {
    const { uids, modseqs, flags } = this.#columns
    return {
      uids: uids.slice(0, this.#length),
      modseqs: modseqs.slice(0, this.#length),
      flags: flags.slice(0, this.#length * FLAG_WORDS),
      changed: this.changed,
      modified: Uint32Array.from(this.modified),
      missing: Uint32Array.from(this.missing),
    }
  }
}

/** Changes one entry's flags; true where they did change. Keeps the mailbox's counters. */
function applyTo(
  counters: Counters,
  flags: Uint32Array,
  at: number,
  mode: FlagChange['mode'],
  words: Uint32Array,
): boolean {
  const offset = at * FLAG_WORDS
  const before = flags[offset] ?? 0
  let changed = false
  for (let word = 0; word < FLAG_WORDS; word++) {
    const old = flags[offset + word] ?? 0
    const given = words[word] ?? 0
    const next = (mode === 'add' ? old | given : mode === 'remove' ? old & ~given : given) >>> 0
    if (next !== old) changed = true
    flags[offset + word] = next
  }
  const after = flags[offset] ?? 0
  counters.unseen += Number((after & SEEN) === 0) - Number((before & SEEN) === 0)
  counters.deleted += Number((after & DELETED) !== 0) - Number((before & DELETED) !== 0)
  return changed
}

/** What is to be done, and where. */
export interface FlagsWanted {
  /** Ascending. */
  readonly uids: Uint32Array
  readonly mode: FlagChange['mode']
  /** The bits that `mode` adds, removes or sets. */
  readonly words: Uint32Array
  readonly unchangedSince: number | undefined
  /** What a changed entry gets. */
  readonly modseq: number
}

/** One slice of a STORE: chunk after chunk is given to it. */
export class FlagSlice {
  readonly #wanted: FlagsWanted
  readonly #counters: Counters
  readonly #gathered: Gathered

  constructor(wanted: FlagsWanted, counters: Counters) {
    this.#wanted = wanted
    this.#counters = counters
    this.#gathered = new Gathered(wanted.uids.length)
  }

  get changed(): number {
    return this.#gathered.changed
  }

  /** Changes what is wanted of one chunk's entries, UIDs `from` … `to` - 1 of the list; how many changed. */
  change(hot: HotColumns, from: number, to: number): number {
    const { uids, mode, words, modseq, unchangedSince = Number.POSITIVE_INFINITY } = this.#wanted
    const gathered = this.#gathered
    const before = gathered.changed
    let entry = 0
    for (let at = from; at < to; at++) {
      const wanted = uids[at] ?? 0
      while (entry < hot.uids.length && (hot.uids[entry] ?? 0) < wanted) entry++
      if (hot.uids[entry] !== wanted) gathered.missing.push(wanted)
      else if ((hot.modseqs[entry] ?? 0) > unchangedSince) gathered.modified.push(wanted)
      else {
        if (applyTo(this.#counters, hot.flags, entry, mode, words)) {
          hot.modseqs[entry] = modseq
          gathered.changed++
        }
        gathered.entry(hot, entry)
      }
    }
    return gathered.changed - before
  }

  result(): FlagsFound {
    return this.#gathered.result()
  }
}
