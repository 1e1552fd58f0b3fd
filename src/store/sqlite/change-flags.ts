// STORE (RFC 3501 §6.4.6), with UNCHANGEDSINCE judged per entry (RFC 7162 §3.1.3): one slice.

import type { Connection } from '../../kit/sqlite/connection.js'
import { DELETED, FLAG_WORDS, SEEN } from '../../model/flags.js'
import { emptyHot, type HotColumns } from '../entries.js'
import { chunkOf, decodeHot, encodeHot, hotLength } from '../index-codec.js'
import type { MailboxRow } from '../rows.js'
import type { FlagsArgs, FlagsResult, MutationOf } from './calls.js'
import { IndexRows } from './index-rows.js'
import { KeywordRows } from './keyword-rows.js'
import { AccountRows, MailboxRows } from './rows.js'
import { runEnd } from './slices.js'

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
    const { uids, modseqs, flags } = this.#columns
    const to = this.#length++
    uids[to] = columns.uids[at] ?? 0
    modseqs[to] = columns.modseqs[at] ?? 0
    for (let word = 0; word < FLAG_WORDS; word++)
      flags[to * FLAG_WORDS + word] = columns.flags[at * FLAG_WORDS + word] ?? 0
  }

  result(modseq: number, done: number): FlagsResult {
    const { uids, modseqs, flags } = this.#columns
    return {
      modseq,
      done,
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
  box: MailboxRow,
  flags: Uint32Array,
  at: number,
  mode: FlagsArgs['mode'],
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
  box.unseen += Number((after & SEEN) === 0) - Number((before & SEEN) === 0)
  box.deleted += Number((after & DELETED) !== 0) - Number((before & DELETED) !== 0)
  return changed
}

interface Slice {
  readonly args: FlagsArgs
  readonly box: MailboxRow
  readonly words: Uint32Array
  readonly modseq: number
  readonly gathered: Gathered
}

/** Changes what is wanted of one chunk's entries; how many changed. */
function changeEntries(
  { args, box, words, modseq, gathered }: Slice,
  hot: HotColumns,
  from: number,
  to: number,
): number {
  const { uids, mode, unchangedSince = Number.POSITIVE_INFINITY } = args
  const before = gathered.changed
  let entry = 0
  for (let at = from; at < to; at++) {
    const wanted = uids[at] ?? 0
    while (entry < hot.uids.length && (hot.uids[entry] ?? 0) < wanted) entry++
    if (hot.uids[entry] !== wanted) gathered.missing.push(wanted)
    else if ((hot.modseqs[entry] ?? 0) > unchangedSince) gathered.modified.push(wanted)
    else {
      if (applyTo(box, hot.flags, entry, mode, words)) {
        hot.modseqs[entry] = modseq
        gathered.changed++
      }
      gathered.entry(hot, entry)
    }
  }
  return gathered.changed - before
}

export function changeFlagsMutation(db: Connection): MutationOf<'changeFlags'> {
  const accounts = new AccountRows(db)
  const mailboxes = new MailboxRows(db)
  const index = new IndexRows(db)
  const keywords = new KeywordRows(db)

  const changeChunk = (slice: Slice, from: number, to: number): void => {
    const row = index.hot(slice.box, chunkOf(slice.args.uids[from] ?? 0))
    const length = row === undefined ? 0 : hotLength(row.entries)
    const hot = emptyHot(length)
    if (row !== undefined) decodeHot(chunkOf(slice.args.uids[from] ?? 0), row.entries, hot, 0)
    if (changeEntries(slice, hot, from, to) > 0 && row !== undefined)
      // Never narrower than before: a value of the same length is overwritten where it stands.
      index.saveHot(row.id, slice.modseq, encodeHot(hot, 0, length, row.entries[3]))
  }

  return (args) => {
    const until = performance.now() + args.sliceMs
    const account = accounts.take(args.account)
    const box = mailboxes.take(args.account, args.mailbox)
    const words = keywords.words(account, args.flags, args.mode !== 'remove')
    const slice: Slice = {
      args,
      box,
      words,
      modseq: account.modseq,
      gathered: new Gathered(args.uids.length),
    }
    let done = 0
    while (done < args.uids.length && (done === 0 || performance.now() < until)) {
      const end = runEnd(args.uids, done, chunkOf)
      changeChunk(slice, done, end)
      done = end
    }
    if (slice.gathered.changed === 0) {
      account.modseq--
      accounts.save(account)
    } else {
      accounts.save(account)
      mailboxes.save(box, account.modseq)
    }
    return slice.gathered.result(account.modseq, done)
  }
}
