// A session's picture of its mailbox: the UIDs in order, of which sequence numbers are positions, and the modseq that it
// is told up to. It changes only where RFC 3501 §5.5 and §7.4.1 let the client be told.

import type { FlagsChanged, Mailbox } from '../mail/types.js'
import type { MailboxId, ModSeq } from '../model/ids.js'
import { lowerBound, type NumberSet, numberSet, pickFromSet, unionOf } from '../model/number-set.js'
import { bad } from './reply.js'
import { resolveSequenceSet, type SequenceSet, STAR } from './wire/sequence-set.js'

const NONE = new Uint32Array(0)

export interface ViewStart {
  readonly mailbox: Mailbox
  readonly readOnly: boolean
  readonly token: ModSeq
  /** Never written: the index is shared with other sessions. */
  readonly uids: Uint32Array
  /** UIDs from here on are \Recent for this session. */
  readonly recentFrom: number
  readonly uidNext: number
}

/** Entries whose present flags the client knows, because it was told by the command that changed them. */
interface Told {
  readonly uids: Uint32Array
  readonly modseqs: Float64Array
  /** Only entries with this modseq or a higher one. */
  readonly knownFrom: number
}

export class View {
  readonly mailbox: MailboxId
  readonly readOnly: boolean
  token: ModSeq
  /** Names in the account's table of flags that the client was told of. */
  flagsTold = 0
  #uids: Uint32Array
  /** Whether `#uids` is this view's own; until it changes, the index's serves all sessions. */
  #owned = false
  #length: number
  /** Expunged elsewhere, not told yet: still in the picture. Ascending. */
  #gone: Uint32Array = NONE
  /** Ranges of UIDs that are \Recent here; ascending. */
  #recent: { from: number; to: number }[] = []
  #told: Told[] = []
  /** Where the last one was found: those that are asked for together were told together. */
  #toldAt = 0
  /** Position after the UID that was looked up last: most are asked for in order. */
  #next = 0
  /** Modseqs of changes that this session made since the last reading. */
  #ownModseqs = new Set<number>()
  /** Modseqs that hints spoke of and that are not read yet; 0 for one that is not known. */
  #hintedModseqs = new Set<number>()

  constructor(start: ViewStart) {
    this.mailbox = start.mailbox.id
    this.readOnly = start.readOnly
    this.token = start.token
    this.#uids = start.uids
    this.#length = start.uids.length
    this.addRecent(start.recentFrom, start.uidNext)
  }

  /** EXISTS. */
  get exists(): number {
    return this.#length
  }

  /** All UIDs, ascending. Not to be written, nor kept over a change. */
  get uids(): Uint32Array {
    return this.#uids.subarray(0, this.#length)
  }

  get lastUid(): number {
    return this.#length === 0 ? 0 : (this.#uids[this.#length - 1] ?? 0)
  }

  /** The sequence number of a UID; 0 where the session does not know it. */
  seqOf(uid: number): number {
    let at = this.#next
    if (at >= this.#length || this.#uids[at] !== uid) at = lowerBound(this.#uids, uid, 0, this.#length)
    this.#next = at + 1
    return at < this.#length && this.#uids[at] === uid ? at + 1 : 0
  }

  isRecent(uid: number): boolean {
    let low = 0
    let high = this.#recent.length
    while (low < high) {
      const middle = (low + high) >> 1
      if ((this.#recent[middle]?.to ?? 0) <= uid) low = middle + 1
      else high = middle
    }
    return uid >= (this.#recent[low]?.from ?? Number.POSITIVE_INFINITY)
  }

  get hasRecent(): boolean {
    return this.#recent.length > 0
  }

  /** RECENT: how many of the messages in the picture are \Recent. */
  get recent(): number {
    return this.#recent.reduce((count, range) => count + this.#countIn(range), 0)
  }

  #countIn({ from, to }: { from: number; to: number }): number {
    return lowerBound(this.#uids, to, 0, this.#length) - lowerBound(this.#uids, from, 0, this.#length)
  }

  /** UIDs from `from` to below `to` are \Recent for this session. */
  addRecent(from: number, to: number): void {
    if (from >= to) return
    const last = this.#recent.at(-1)
    if (last !== undefined && last.to >= from) last.to = Math.max(last.to, to)
    else this.#recent.push({ from, to })
  }

  /** Adds messages above all that are known; ascending. */
  append(uids: Uint32Array): void {
    const length = this.#length + uids.length
    if (!this.#owned || length > this.#uids.length) this.#own(length + (length >> 3))
    this.#uids.set(uids, this.#length)
    this.#length = length
  }

  #own(room: number): void {
    const own = new Uint32Array(room)
    own.set(this.uids)
    this.#uids = own
    this.#owned = true
  }

  /** Notes UIDs as expunged; those unknown are ignored. The picture stays until `removeGone`. */
  markGone(uids: Uint32Array): void {
    const known = uids.filter((uid) => this.seqOf(uid) > 0)
    if (known.length === 0) return
    this.#gone = unionOf([this.#gone, known])
  }

  get hasGone(): boolean {
    return this.#gone.length > 0
  }

  isGone(uid: number): boolean {
    const at = lowerBound(this.#gone, uid)
    return this.#gone[at] === uid
  }

  /** Takes what is gone out of the picture; returns the sequence numbers it had, descending, each valid when it is told. */
  removeGone(): number[] {
    if (!this.#owned) this.#own(this.#length)
    const numbers: number[] = []
    let kept = 0
    let next = 0
    for (let at = 0; at < this.#length; at++) {
      const uid = this.#uids[at] ?? 0
      while (next < this.#gone.length && (this.#gone[next] ?? 0) < uid) next++
      if (this.#gone[next] === uid) numbers.push(at + 1)
      else this.#uids[kept++] = uid
    }
    this.#length = kept
    this.#gone = NONE
    this.#recent = this.#recent.filter((range) => this.#countIn(range) > 0)
    return numbers.reverse()
  }

  /**
   * One slice of the session's own change. `told`: the client was sent the flags of all these entries; else it knows only
   * those that the slice itself gave them, for it was asked to be silent about them.
   */
  noteOwn({ entries, before, modseq, changed }: FlagsChanged, told: boolean): void {
    if (before === this.token) {
      // Nobody else changed anything in between: what the slice changed is all there is, and the client knows it.
      if (changed > 0) this.#reach(modseq)
      return
    }
    // Somebody else changed something before, and the hint of it may yet come, or be lost.
    if (!told && !this.#ownModseqs.has(before)) this.noteHint(before)
    // Where nothing changed, the modseq is that of somebody else's change.
    if (changed > 0) this.#ownModseqs.add(modseq)
    const knownFrom = told ? 0 : changed > 0 ? modseq : Number.POSITIVE_INFINITY
    this.#told.push({ uids: entries.uids, modseqs: entries.modseqs, knownFrom })
  }

  /** The client is to hear of its own changes too. */
  forgetTold(): void {
    this.#told = []
    this.#toldAt = 0
    this.markStale()
  }

  /** Whether there may be something to read. */
  get stale(): boolean {
    return this.#hintedModseqs.size > 0
  }

  /** There may be something to read, by whatever change. */
  markStale(): void {
    this.#hintedModseqs.add(0)
  }

  noteHint(modseq: number): void {
    if (modseq <= this.token) return
    // One that was not this session's is enough to know; hints of a busy mailbox must not pile up.
    if (this.#hintedModseqs.size < 1000) this.#hintedModseqs.add(modseq)
    else this.markStale()
  }

  /** Whether anybody else changed the mailbox since the last reading, as far as hints say. */
  othersChanged(): boolean {
    for (const modseq of this.#hintedModseqs) if (!this.#ownModseqs.has(modseq)) return true
    return false
  }

  /** Whether the client knows the flags that the entry has at `modseq`. Quick where it is asked in ascending order. */
  wasTold(uid: number, modseq: number): boolean {
    for (let tried = 0; tried < this.#told.length; tried++) {
      const { uids, modseqs, knownFrom } = this.#told[this.#toldAt] as Told
      if (uid >= (uids[0] ?? 0) && uid <= (uids.at(-1) ?? 0)) {
        const at = lowerBound(uids, uid)
        const known = modseqs[at] ?? 0
        if (uids[at] === uid && known >= modseq && known >= knownFrom) return true
      }
      this.#toldAt = (this.#toldAt + 1) % this.#told.length
    }
    return false
  }

  /** The changes are about to be read: what hints spoke of so far is among them. The highest modseq that they named. */
  beginReading(): number {
    let highest = 0
    for (const modseq of this.#hintedModseqs) highest = Math.max(highest, modseq)
    this.#hintedModseqs.clear()
    return highest
  }

  /** The changes up to `token` have been read. */
  readUpTo(token: ModSeq): void {
    this.#told = this.#told.filter(({ modseqs }) => modseqs.some((modseq) => modseq > token))
    this.#toldAt = 0
    this.#reach(token)
  }

  #reach(token: ModSeq): void {
    this.token = token
    // Hints that came meanwhile stay: what they speak of has not been read.
    for (const modseqs of [this.#ownModseqs, this.#hintedModseqs]) {
      for (const modseq of modseqs) if (modseq <= token && modseq !== 0) modseqs.delete(modseq)
    }
  }

  /** Positions that a set of sequence numbers means. Throws BAD where one is above EXISTS (RFC 3501 §9). */
  #rangesOfSequence(set: SequenceSet): NumberSet {
    if (this.#length === 0) {
      // "*" in an empty mailbox is nobody; any number is one too many.
      if (set.every(({ from, to }) => from === STAR || to === STAR)) return []
      throw bad('The mailbox has no such message')
    }
    const ranges = resolveSequenceSet(set, this.#length)
    const largest = ranges.at(-1)?.to ?? 0
    if (largest > this.#length) throw bad(`There is no message ${largest}; the mailbox has ${this.#length}`)
    return ranges
  }

  /** A set of sequence numbers as ranges of UIDs: between their ends the picture has no others. */
  uidRangesOfSequence(set: SequenceSet): NumberSet {
    const uidAt = (seq: number) => this.#uids[seq - 1] ?? 0
    return numberSet(
      this.#rangesOfSequence(set).map(({ from, to }) => ({ from: uidAt(from), to: uidAt(to) })),
    )
  }

  /** A set of UIDs as ranges; "*" is the largest that the session knows (RFC 3501 §6.4.8). */
  uidRanges(set: SequenceSet): NumberSet {
    return this.#length === 0 ? [] : resolveSequenceSet(set, this.lastUid)
  }

  /** The UIDs of a set that the session knows, ascending; a copy, which outlives changes of the picture. */
  uidsOf(set: SequenceSet, byUid: boolean): Uint32Array {
    return pickFromSet(this.uids, byUid ? this.uidRanges(set) : this.uidRangesOfSequence(set)).slice()
  }
}
