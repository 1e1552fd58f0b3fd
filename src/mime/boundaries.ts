// The boundaries that are open while the parts of a message are read. RFC 2046 §5.1.1 and §5.1.2: a line that begins
// with "--" and a boundary is a delimiter, whatever follows; inner multiparts end with the outer ones.

export interface Match<Owner> {
  readonly owner: Owner
  /** Octets of the two hyphens, the boundary, and the two that close it. */
  readonly length: number
  readonly closes: boolean
}

interface Boundary<Owner> {
  /** With the two hyphens before it. */
  readonly octets: Buffer
  /** Multiparts with this boundary, the innermost last. */
  readonly owners: Owner[]
}

const DASH = 45

export class BoundaryStack<Owner> {
  #open: Boundary<Owner>[] = []
  /** Each boundary once, in the order of its octets: a line is compared with all of them at once. */
  #sorted: Boundary<Owner>[] = []

  get isEmpty(): boolean {
    return this.#open.length === 0
  }

  push(text: string, owner: Owner): void {
    const octets = Buffer.from(`--${text}`, 'latin1')
    let index = 0
    let order = 1
    for (; index < this.#sorted.length; index++) {
      order = Buffer.compare(this.#sorted[index]?.octets ?? octets, octets)
      if (order >= 0) break
    }
    const known = order === 0 ? this.#sorted[index] : undefined
    const boundary = known ?? { octets, owners: [] }
    if (known === undefined) this.#sorted.splice(index, 0, boundary)
    boundary.owners.push(owner)
    this.#open.push(boundary)
  }

  clear(): void {
    this.#open = []
    this.#sorted = []
  }

  /** Forgets the boundaries inside `owner`, and with `its` its own. */
  popTo(owner: Owner, its: boolean): void {
    for (let boundary = this.#open.at(-1); boundary !== undefined; boundary = this.#open.at(-1)) {
      const reached = boundary.owners.at(-1) === owner
      if (reached && !its) return
      this.#open.pop()
      boundary.owners.pop()
      if (boundary.owners.length === 0) this.#sorted.splice(this.#sorted.indexOf(boundary), 1)
      if (reached) return
    }
  }

  /**
   * The delimiter that the line at `at` is: of several that fit, the longest, of equal ones the innermost. `more` while
   * that depends on octets that have not come.
   */
  match(octets: Buffer, at: number, end: number, final: boolean): Match<Owner> | 'more' | undefined {
    let low = 0
    let high = this.#sorted.length
    let best: Boundary<Owner> | undefined
    for (let index = 0; low < high; ) {
      const first = this.#sorted[low]
      if (first?.octets.length === index) {
        best = first
        low++
        continue
      }
      if (at + index === end) {
        if (!final) return 'more'
        break
      }
      const code = octets[at + index] ?? 0
      if (first?.octets[index] !== code || this.#sorted[high - 1]?.octets[index] !== code) {
        low = this.#firstNotBelow(low, high, index, code)
        high = this.#firstNotBelow(low, high, index, code + 1)
      }
      index++
    }
    return best === undefined ? undefined : delimiter(best, octets, at, end, final)
  }

  /** Of the boundaries [low, high), alike in their first `index` octets, the first whose next one is not below `code`. */
  #firstNotBelow(low: number, high: number, index: number, code: number): number {
    let from = low
    let to = high
    while (from < to) {
      const middle = (from + to) >> 1
      if ((this.#sorted[middle]?.octets[index] ?? 0) < code) from = middle + 1
      else to = middle
    }
    return from
  }
}

function delimiter<Owner>(
  boundary: Boundary<Owner>,
  octets: Buffer,
  at: number,
  end: number,
  final: boolean,
): Match<Owner> | 'more' | undefined {
  const after = at + boundary.octets.length
  if (!final && (after === end || (after + 1 === end && octets[after] === DASH))) return 'more'
  const closes = after + 1 < end && octets[after] === DASH && octets[after + 1] === DASH
  const owner = boundary.owners.at(-1)
  return owner === undefined
    ? undefined
    : { owner, length: boundary.octets.length + (closes ? 2 : 0), closes }
}
