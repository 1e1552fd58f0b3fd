// The data of one IMAP response, taken apart: RFC 3501 §4 (atom, number, string, parenthesized list, NIL).
// An atom is a JavaScript string, a quoted string or literal is a Buffer, so that the two are never mixed up.

export type Value = string | Buffer | null | readonly Value[]

/** One response as it came: text, literal, text, literal, …, text. Odd places are literals. */
export type Segments = readonly Buffer[]

const CR = 0x0d
const SPACE = 0x20
const QUOTE = 0x22
const OPEN = 0x28
const CLOSE = 0x29
const BRACKET = 0x5b
const BRACKET_END = 0x5d
const BACKSLASH = 0x5c
const BRACE = 0x7b

export function parseValues(segments: Segments, from: number): Value[] {
  return new ValueReader(segments, from).values()
}

class ValueReader {
  readonly #segments: Segments
  #segment = 0
  #at: number

  constructor(segments: Segments, from: number) {
    this.#segments = segments
    this.#at = from
  }

  values(): Value[] {
    const values: Value[] = []
    for (;;) {
      const next = this.#peek()
      if (next === undefined || next === CLOSE || next === CR) return values
      if (next === SPACE) this.#at++
      else values.push(this.#value(next))
    }
  }

  #peek(): number | undefined {
    return this.#segments[this.#segment]?.[this.#at]
  }

  #value(next: number): Value {
    if (next === OPEN) return this.#list()
    if (next === QUOTE) return this.#quoted()
    if (next === BRACE) return this.#literal()
    const atom = this.#atom()
    return atom === 'NIL' ? null : atom
  }

  #list(): Value[] {
    this.#at++
    const values = this.values()
    if (this.#peek() !== CLOSE) throw new Error(`list without end: ${this.#shown()}`)
    this.#at++
    return values
  }

  #quoted(): Buffer {
    const octets: number[] = []
    for (this.#at++; ; this.#at++) {
      let octet = this.#peek()
      if (octet === QUOTE) break
      if (octet === BACKSLASH) {
        this.#at++
        octet = this.#peek()
      }
      if (octet === undefined || octet === CR) throw new Error(`quoted string without end: ${this.#shown()}`)
      octets.push(octet)
    }
    this.#at++
    return Buffer.from(octets)
  }

  /** The `{n}` ends its segment; the literal is the next one, and the text goes on behind it. */
  #literal(): Buffer {
    const literal = this.#segments[this.#segment + 1]
    if (literal === undefined) throw new Error(`literal without octets: ${this.#shown()}`)
    this.#segment += 2
    this.#at = 0
    return literal
  }

  /** Also what is only nearly an atom: `\Seen`, `BODY[HEADER.FIELDS (From)]<0>`. */
  #atom(): string {
    const start = this.#at
    let depth = 0
    for (; ; this.#at++) {
      const octet = this.#peek()
      if (octet === undefined || octet === CR) break
      if (octet === BRACKET) depth++
      if (octet === BRACKET_END) depth--
      if (depth === 0 && (octet === SPACE || octet === OPEN || octet === CLOSE || octet === QUOTE)) break
    }
    if (this.#at === start) throw new Error(`no value: ${this.#shown()}`)
    return (this.#segments[this.#segment] ?? Buffer.alloc(0)).toString('latin1', start, this.#at)
  }

  #shown(): string {
    const text = this.#segments[this.#segment]?.toString('latin1') ?? ''
    return `octet ${this.#at} of ${JSON.stringify(text.slice(0, 400))}`
  }
}
