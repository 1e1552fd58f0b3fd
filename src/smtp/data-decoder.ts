// Reads the mail data behind DATA (RFC 5321 §4.1.1.4) and BDAT. For DATA: finds its end and takes the stuffed dots out (§4.5.2). Only CRLF
// ends a line here: a bare CR or LF is content like any other octet, so nothing but CRLF.CRLF can end the data, whatever
// another server takes for a line's end ("SMTP smuggling").

const CR = 0x0d
const LF = 0x0a
const DOT = 0x2e
const CR_OCTET = Buffer.from('\r')

/** What stood last, over the boundary of two chunks. Behind DATA's own CRLF a line begins. */
type State = 'line-start' | 'in-line' | 'cr' | 'dot' | 'dot-cr' | 'ended'

export class DataDecoder {
  #state: State = 'line-start'

  get ended(): boolean {
    return this.#state === 'ended'
  }

  /**
   * Decodes the next octets and adds the message's to `pieces`, as views of them. Returns how many belong to the mail
   * data: all, until it ended; what stands behind its end is not ours.
   */
  push(octets: Buffer, pieces: Buffer[]): number {
    let at = 0
    while (at < octets.length && this.#state !== 'ended') at = this.#step(octets, at, pieces)
    return at
  }

  /** Goes as far as one state leads; returns the offset where the next one goes on. */
  #step(octets: Buffer, at: number, pieces: Buffer[]): number {
    const octet = octets[at]
    switch (this.#state) {
      case 'line-start':
        if (octet !== DOT) return this.#content(octets, at, pieces)
        this.#state = 'dot'
        return at + 1
      case 'dot':
        // "If the first character is a period and there are other characters on the line, the first is deleted."
        if (octet !== CR) return this.#content(octets, at, pieces)
        this.#state = 'dot-cr'
        return at + 1
      case 'dot-cr':
        if (octet === LF) {
          this.#state = 'ended'
          return at + 1
        }
        pieces.push(CR_OCTET)
        return this.#content(octets, at, pieces)
      case 'cr':
        if (octet !== LF) return this.#content(octets, at, pieces)
        pieces.push(octets.subarray(at, at + 1))
        this.#state = 'line-start'
        return at + 1
      default:
        return this.#content(octets, at, pieces)
    }
  }

  /** Content up to the next line that begins with a dot, or all of it. */
  #content(octets: Buffer, at: number, pieces: Buffer[]): number {
    const found = octets.indexOf('\r\n.', at, 'latin1')
    if (found !== -1) {
      pieces.push(octets.subarray(at, found + 2))
      this.#state = 'dot'
      return found + 3
    }
    pieces.push(at === 0 ? octets : octets.subarray(at))
    const last = octets[octets.length - 1]
    const lineEnded = last === LF && octets.length - at >= 2 && octets[octets.length - 2] === CR
    this.#state = lineEnded ? 'line-start' : last === CR ? 'cr' : 'in-line'
    return octets.length
  }
}

/** A chunk of BDAT: so many octets, whatever they are (RFC 3030 §2). */
export class ChunkDecoder {
  #left: number

  constructor(size: number) {
    this.#left = size
  }

  get ended(): boolean {
    return this.#left === 0
  }

  /** As DataDecoder's. */
  push(octets: Buffer, pieces: Buffer[]): number {
    const used = Math.min(octets.length, this.#left)
    if (used > 0) pieces.push(octets.subarray(0, used))
    this.#left -= used
    return used
  }
}
