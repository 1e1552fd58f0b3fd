// The octets of the source that have arrived and not left for the blob store: the skeleton as it grows. Everything
// else speaks of offsets in the source; the difference to an index in here is what has been cut out so far.

export class Kept {
  octets: Buffer = Buffer.allocUnsafe(0)
  length = 0
  /** Octets cut out so far: source offset = index + delta, for everything behind the last cut. */
  delta = 0

  /** Source offset of the end of what has arrived. */
  get end(): number {
    return this.length + this.delta
  }

  append(more: Uint8Array): void {
    const needed = this.length + more.length
    if (needed > this.octets.length) {
      const grown = Buffer.allocUnsafe(this.length === 0 ? needed : Math.max(needed, this.octets.length * 2))
      this.octets.copy(grown, 0, 0, this.length)
      this.octets = grown
    }
    this.octets.set(more, this.length)
    this.length = needed
  }

  /** The octets [start, end) of the source, which must lie behind the last cut. Valid until the next change. */
  slice(start: number, end: number): Buffer {
    return this.octets.subarray(start - this.delta, end - this.delta)
  }

  latin1(start: number, end: number): string {
    return this.octets.toString('latin1', start - this.delta, end - this.delta)
  }

  /** Takes the octets [start, end) of the source out; they must lie behind the last cut. */
  remove(start: number, end: number): void {
    const from = start - this.delta
    const to = end - this.delta
    this.octets.copyWithin(from, to, this.length)
    this.length -= to - from
    this.delta += to - from
  }

  /** The skeleton, in memory of its own size. */
  skeleton(): Buffer {
    if (this.length === this.octets.length) return this.octets
    return Buffer.from(this.octets.subarray(0, this.length))
  }
}
