// The boundaries that are open while the parts of a message are read. RFC 2046 §5.1.1 and §5.1.2: a line that begins
// with "--" and a boundary is a delimiter, whatever follows; inner multiparts end with the outer ones.

export interface Match<Owner> {
  readonly owner: Owner
  /** Octets of the two hyphens, the boundary, and the two that close it. */
  readonly length: number
  readonly closes: boolean
}

interface Boundary<Owner> {
  readonly octets: Buffer
  readonly owner: Owner
}

const DASH = 45

export class BoundaryStack<Owner> {
  #open: Boundary<Owner>[] = []

  get isEmpty(): boolean {
    return this.#open.length === 0
  }

  push(boundary: string, owner: Owner): void {
    this.#open.push({ octets: Buffer.from(`--${boundary}`, 'latin1'), owner })
  }

  clear(): void {
    this.#open = []
  }

  /** Forgets the boundaries inside `owner`, and with `its` its own. */
  popTo(owner: Owner, its: boolean): void {
    const index = this.#open.findIndex((boundary) => boundary.owner === owner)
    if (index >= 0) this.#open.length = its ? index : index + 1
  }

  /**
   * The delimiter that the line at `at` is: of several that fit, the longest, of equal ones the innermost. `more` while
   * that depends on octets that have not come.
   */
  match(octets: Buffer, at: number, end: number, final: boolean): Match<Owner> | 'more' | undefined {
    if (at + 1 < end ? octets[at + 1] !== DASH : final) return undefined
    let best: Boundary<Owner> | undefined
    for (let index = this.#open.length - 1; index >= 0; index--) {
      const boundary = this.#open[index]
      if (boundary === undefined || (best !== undefined && boundary.octets.length <= best.octets.length))
        continue
      const compared = compare(octets, at, end, boundary.octets)
      if (compared === 'cut short' && !final) return 'more'
      if (compared === 'equal') best = boundary
    }
    if (best === undefined) return undefined
    const after = at + best.octets.length
    if (!final && (after === end || (after + 1 === end && octets[after] === DASH))) return 'more'
    const closes = after + 1 < end && octets[after] === DASH && octets[after + 1] === DASH
    return { owner: best.owner, length: best.octets.length + (closes ? 2 : 0), closes }
  }
}

function compare(
  octets: Buffer,
  at: number,
  end: number,
  boundary: Buffer,
): 'equal' | 'different' | 'cut short' {
  for (let index = 0; index < boundary.length; index++) {
    if (at + index === end) return 'cut short'
    if (octets[at + index] !== boundary[index]) return 'different'
  }
  return 'equal'
}
