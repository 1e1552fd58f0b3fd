// HEADER.FIELDS and HEADER.FIELDS.NOT (RFC 3501 §6.4.5): the fields of a header that are named, or all the others, from
// a header that comes in pieces.

const LF = 10
const CR = 13
const SPACE = 32
const TAB = 9
const COLON = 58

/** Whether the octets before the next newline are kept is known, or they are still the beginning of a line. */
type State = 'line start' | 'name' | 'kept' | 'dropped'

/**
 * The header with only the named fields, folds included, or (`not`) without them, what is no field included then; and
 * the empty line that ends it, if there is one. Names compare without case.
 */
export class HeaderFilter {
  readonly #names: ReadonlySet<string>
  readonly #not: boolean
  readonly #longest: number
  #state: State = 'line start'
  /** Of the field that this line continues, where it does. */
  #keeping = false
  #first = true
  /** The beginning of a line, as long as it is not known what becomes of it. */
  #begun: Buffer = Buffer.alloc(0)

  constructor(names: readonly string[], not: boolean) {
    this.#names = new Set(names.map((name) => name.toLowerCase()))
    this.#not = not
    // Blanks may stand between a name and its colon; who puts so many there means no field.
    this.#longest = Math.max(1, ...names.map((name) => name.length)) + 1024
  }

  /** What is kept of these octets and of those that were waited with. Linear. */
  push(octets: Buffer): Buffer[] {
    const kept: Buffer[] = []
    for (let at = 0; at < octets.length; ) {
      if (this.#state === 'line start') this.#beginLine(octets[at] ?? 0)
      if (this.#state === 'name') at = this.#readName(octets, at, kept)
      if (this.#state === 'kept' || this.#state === 'dropped') at = this.#restOfLine(octets, at, kept)
    }
    return kept
  }

  /** What is kept of a last line without a newline. */
  end(): Buffer[] {
    const kept: Buffer[] = []
    if (this.#state === 'name') this.#decide(false, kept)
    return kept
  }

  #beginLine(code: number): void {
    const continues = !this.#first && (code === SPACE || code === TAB)
    this.#first = false
    this.#state = continues ? (this.#keeping ? 'kept' : 'dropped') : 'name'
  }

  /** Reads until a colon or a newline tells what this line is; returns where it goes on. */
  #readName(octets: Buffer, at: number, kept: Buffer[]): number {
    let end = at
    while (end < octets.length && octets[end] !== COLON && octets[end] !== LF) end++
    const wait = end === octets.length && this.#begun.length + end - at <= this.#longest
    const upTo = wait ? end : Math.min(end + 1, octets.length)
    this.#begun = Buffer.concat([this.#begun, octets.subarray(at, upTo)])
    if (!wait) this.#decide(this.#isWanted(), kept)
    return upTo
  }

  #isWanted(): boolean {
    const line = this.#begun.toString('latin1')
    return (
      line.endsWith(':') &&
      this.#names.has(
        line
          .slice(0, -1)
          .replace(/[ \t]+$/, '')
          .toLowerCase(),
      )
    )
  }

  #decide(wanted: boolean, kept: Buffer[]): void {
    const line = this.#begun
    this.#keeping = wanted !== this.#not
    if (this.#keeping || isEmptyLine(line)) kept.push(line)
    this.#begun = Buffer.alloc(0)
    this.#state = line.at(-1) === LF ? 'line start' : this.#keeping ? 'kept' : 'dropped'
  }

  #restOfLine(octets: Buffer, at: number, kept: Buffer[]): number {
    const newline = octets.indexOf(LF, at)
    const end = newline < 0 ? octets.length : newline + 1
    if (this.#state === 'kept') kept.push(octets.subarray(at, end))
    if (newline >= 0) this.#state = 'line start'
    return end
  }
}

const isEmptyLine = (line: Buffer): boolean =>
  line[0] === LF ? line.length === 1 : line[0] === CR && line[1] === LF && line.length === 2
