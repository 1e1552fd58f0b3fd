// Takes long stretches out of the source as they pass: each becomes a cut, and what is to be written to the blob store
// stands in a queue that the parser's owner works off. docs/architecture.md, idea 5.
import type { Cut, CutForm } from '../model/message.js'
import { CanonicalBase64, MAX_BASE64_LINE } from './base64-lines.js'
import type { Kept } from './kept.js'

export interface PendingCut {
  at: number
  length: number
  blob: string
  blobSize: number
  form: CutForm
}

export type SinkStep =
  | { readonly kind: 'open' | 'finish'; readonly cut: PendingCut }
  | { readonly kind: 'write'; readonly cut: PendingCut; readonly octets: Buffer }

const FLUSH_AT = 48 * 1024
/** By so much more than the limit must have arrived before a cut is begun: the line at the limit is whole then. */
const SLACK = MAX_BASE64_LINE + 4
const IDENTITY: CutForm = { kind: 'identity' }
/** At the head of the skeleton this much stays: the header that every FETCH of fields reads. */
const SPILL_FROM = 64 * 1024
/** Less than this waits for more, but not when a cut comes: what stands before a cut can never leave again. */
const SPILL_LEAST = 8 * 1024

/** A region is a stretch of the source with no structure inside: a leaf's body, a preamble, the rest of a header. */
export class BodyCutter {
  readonly cuts: PendingCut[] = []
  steps: SinkStep[] = []
  readonly #kept: Kept
  readonly #cutAt: number
  readonly #spillAt: number
  /** Everything of the region before this is in a finished cut. */
  #from = 0
  #base64 = false
  #checker: CanonicalBase64 | undefined
  #open: PendingCut | undefined
  /** Behind the octets that the open cut has taken. */
  #taken = 0
  #tapLimit = 0
  #tapped: Buffer[] = []
  #tappedSize = 0
  #start = 0

  /** With `cutAt` infinite nothing is ever cut. */
  constructor(kept: Kept, cutAt: number, spillAt: number) {
    this.#kept = kept
    this.#cutAt = cutAt
    this.#spillAt = spillAt
  }

  /** A region begins; of what is cut from it, up to `tapLimit` octets are also kept for `taken`. */
  begin(start: number, base64: boolean, tapLimit: number): void {
    this.#start = start
    this.#from = start
    this.#base64 = base64
    this.#tapLimit = tapLimit
    if (this.#tappedSize > 0) {
      this.#tapped = []
      this.#tappedSize = 0
    }
  }

  /** The region reaches at least to `safe`. */
  progress(safe: number): void {
    if (this.#open === undefined) {
      if (safe - this.#from <= this.#cutAt + SLACK) return
      this.#openCut(safe, false)
    } else if (safe - this.#taken >= FLUSH_AT) this.#take(safe, false)
  }

  /** The region ends here; the octets to its end may be taken from the skeleton now. */
  end(end: number): void {
    if (this.#open !== undefined) this.#take(end, true)
    while (this.#open === undefined && end - this.#from > this.#cutAt) this.#openCut(end, true)
  }

  /** The region's octets, or the first of them where it was cut. Valid until the next change. */
  octets(end: number): Buffer {
    if (this.#tappedSize === 0) return this.#kept.slice(this.#start, end)
    if (this.#from < end) this.#tap(this.#kept.slice(this.#from, end))
    return this.#tapped.length === 1 && this.#tapped[0] ? this.#tapped[0] : Buffer.concat(this.#tapped)
  }

  /** A point between regions: if the skeleton has grown too large, what stands before this point leaves it. */
  spill(point: number, least = SPILL_LEAST): void {
    if (point - this.#kept.delta <= this.#spillAt || this.#cutAt === Number.POSITIVE_INFINITY) return
    const last = this.cuts.at(-1)
    const start = last === undefined ? SPILL_FROM : last.at + last.length
    if (point - start < least) return
    const cut = this.#newCut(start, IDENTITY)
    this.steps.push({ kind: 'write', cut, octets: Buffer.from(this.#kept.slice(start, point)) })
    this.#kept.remove(start, point)
    cut.length = point - start
    this.steps.push({ kind: 'finish', cut })
  }

  #newCut(at: number, form: CutForm): PendingCut {
    const cut: PendingCut = { at, length: 0, blob: '', blobSize: 0, form }
    this.cuts.push(cut)
    this.steps.push({ kind: 'open', cut })
    return cut
  }

  #openCut(safe: number, final: boolean): void {
    this.spill(this.#from, 1)
    this.#taken = this.#from
    this.#checker = undefined
    if (this.#base64 && this.#openBase64(safe, final)) return
    this.#base64 = false
    this.#open = this.#newCut(this.#from, IDENTITY)
    this.#take(safe, final)
  }

  /** False, with nothing done, where the region's first lines are not canonical base64. */
  #openBase64(safe: number, final: boolean): boolean {
    const checker = new CanonicalBase64()
    const { octets, delta } = this.#kept
    const lines = checker.feed(octets, this.#from - delta, safe - delta, final)
    if (lines.accepted <= Math.max(0, this.#cutAt - SLACK)) return false
    this.#checker = checker
    this.#open = this.#newCut(this.#from, checker.form)
    this.#emit(lines.decoded, lines.accepted)
    if (checker.done || final) this.#close()
    return true
  }

  #take(safe: number, final: boolean): void {
    const { octets, delta } = this.#kept
    if (this.#checker === undefined) {
      this.#emit(Buffer.from(this.#kept.slice(this.#taken, safe)), safe - this.#taken)
      if (final) this.#close()
      return
    }
    const lines = this.#checker.feed(octets, this.#taken - delta, safe - delta, final)
    this.#emit(lines.decoded, lines.accepted)
    if (this.#checker.done || final) this.#close()
  }

  /** The next `count` octets of the region leave the skeleton, as `written` for the blob. */
  #emit(written: Buffer, count: number): void {
    const cut = this.#open
    if (cut === undefined || count === 0) return
    this.steps.push({ kind: 'write', cut, octets: written })
    this.#tap(this.#kept.slice(this.#taken, this.#taken + count))
    this.#kept.remove(this.#taken, this.#taken + count)
    this.#taken += count
  }

  #tap(octets: Buffer): void {
    const room = this.#tapLimit - this.#tappedSize
    if (room <= 0) return
    const copy = Buffer.from(octets.subarray(0, room))
    this.#tapped.push(copy)
    this.#tappedSize += copy.length
  }

  /** Ends the open cut; what follows in the region is kept as it is, or becomes a cut of its own. */
  #close(): void {
    const cut = this.#open
    if (cut === undefined) return
    cut.length = this.#taken - cut.at
    if (this.#checker !== undefined) cut.form = this.#checker.form
    this.steps.push({ kind: 'finish', cut })
    this.#from = this.#taken
    this.#base64 = false
    this.#checker = undefined
    this.#open = undefined
  }
}

export const asCut = ({ at, length, blob, blobSize, form }: PendingCut): Cut => ({
  at,
  length,
  blob,
  blobSize,
  form,
})
