// Cuts what arrives into command lines. Only CRLF ends a line: a bare CR or LF never does (RFC 5321 §2.3.8). A line
// above the limit is skipped to its end in bounded memory.

const EMPTY = Buffer.alloc(0)
const CR = 0x0d

/** A line that was longer than the limit, and has been skipped. */
export const TOO_LONG = 'too-long'

export class LineReader {
  readonly #limit: number
  #buffer: Buffer = EMPTY
  #at = 0
  #skipping = false

  /** `limit`: octets of a line, its CRLF included. */
  constructor(limit: number) {
    this.#limit = limit
  }

  /** More octets, to be given when `next` had no line. */
  push(octets: Buffer): void {
    this.#buffer =
      this.#at === this.#buffer.length ? octets : Buffer.concat([this.#buffer.subarray(this.#at), octets])
    this.#at = 0
  }

  /** The next line without its CRLF; undefined where more octets are needed. */
  next(): Buffer | typeof TOO_LONG | undefined {
    const end = this.#buffer.indexOf('\r\n', this.#at, 'latin1')
    if (end === -1) {
      this.#boundRest()
      return undefined
    }
    const line = this.#buffer.subarray(this.#at, end)
    this.#advance(end + 2)
    const tooLong = this.#skipping || line.length + 2 > this.#limit
    this.#skipping = false
    return tooLong ? TOO_LONG : line
  }

  /** Hands over what stands behind the last line, for whoever reads something else than lines. */
  takeRest(): Buffer {
    const rest = this.#buffer.subarray(this.#at)
    this.#advance(this.#buffer.length)
    return rest
  }

  #advance(at: number): void {
    // A finished buffer is let go: an idle connection holds none.
    const finished = at === this.#buffer.length
    this.#buffer = finished ? EMPTY : this.#buffer
    this.#at = finished ? 0 : at
  }

  #boundRest(): void {
    if (this.#buffer.length - this.#at < this.#limit) return
    this.#skipping = true
    // The CR may be the first half of the CRLF that ends the line.
    this.#buffer = this.#buffer.at(-1) === CR ? Buffer.from('\r') : EMPTY
    this.#at = 0
  }
}
