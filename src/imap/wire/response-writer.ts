// Typed responses to octets (RFC 3501 §9), gathered in a buffer that is small at first and large where much is written. Numbers and
// prepared octets are written straight into it: a FETCH of 50,000 messages makes no string for each.

import { POOLED, takeBuffer } from './buffer-pool.js'
import { isAtom } from './characters.js'
import { encodeModifiedUtf7 } from './modified-utf7.js'

const SMALL = 1024
const MEDIUM = 8192
/** So many octets written are enough to hand on; the rest of a pooled buffer is room for the row that went over it. */
const FULL = POOLED - 8192
const MAX_QUOTED = 1000
const NUL_AS = 0x80

const QUOTABLE = /^[\x20-\x7e]*$/

export class ResponseWriter {
  #buffer: Buffer | undefined
  #length = 0
  /** Full buffers that have not been taken yet. */
  #before: Buffer[] = []
  #beforeOctets = 0
  #taken = 0

  /** Octets written and not yet taken. */
  get length(): number {
    return this.#beforeOctets + this.#length
  }

  /** True when it is time to hand the octets on. */
  get full(): boolean {
    return this.length >= FULL
  }

  /** Octets written since the beginning. */
  get position(): number {
    return this.#taken + this.length
  }

  /** Forgets what was written since `position`; false where some of that is not at hand any more. */
  rewind(position: number): boolean {
    const length = position - this.#taken - this.#beforeOctets
    if (length < 0) return false
    this.#length = length
    return true
  }

  /** A buffer with room for `more` octets behind `#length`. */
  #room(more: number): Buffer {
    const buffer = this.#buffer
    if (buffer !== undefined && this.#length + more <= buffer.length) return buffer
    return this.#grow(more)
  }

  /** Small answers live in small buffers, long ones in pooled ones; what is larger than those gets its own. */
  #grow(more: number): Buffer {
    const before = this.#buffer
    const needed = this.#length + more
    if (before !== undefined && needed > POOLED) this.#setAside(before)
    const grown = bufferFor(this.#length + more)
    if (before !== undefined && this.#length > 0) before.copy(grown, 0, 0, this.#length)
    this.#buffer = grown
    return grown
  }

  #setAside(buffer: Buffer): void {
    this.#before.push(buffer.subarray(0, this.#length))
    this.#beforeOctets += this.#length
    this.#length = 0
  }

  /** All that was written, in order; the writer is empty afterwards. */
  take(): Buffer[] {
    const taken = this.#before
    if (this.#buffer !== undefined && this.#length > 0) taken.push(this.#buffer.subarray(0, this.#length))
    this.#taken += this.length
    this.#buffer = undefined
    this.#length = 0
    this.#before = []
    this.#beforeOctets = 0
    return taken
  }

  /** ASCII (or Latin-1) text, as it is. */
  text(text: string): this {
    const buffer = this.#room(text.length)
    if (text.length < 24) {
      let at = this.#length
      for (let index = 0; index < text.length; index++) buffer[at++] = text.charCodeAt(index)
    } else buffer.write(text, this.#length, 'latin1')
    this.#length += text.length
    return this
  }

  octet(octet: number): this {
    this.#room(1)[this.#length++] = octet
    return this
  }

  /** A whole number from 0, in decimal. */
  number(value: number): this {
    if (value > 0xffff_ffff) return this.text(String(value))
    let digits = 1
    for (let limit = 10; limit <= value; limit *= 10) digits++
    const buffer = this.#room(10)
    let rest = value >>> 0
    for (let at = this.#length + digits - 1; at >= this.#length; at--) {
      const next = (rest / 10) >>> 0
      buffer[at] = 48 + (rest - next * 10)
      rest = next
    }
    this.#length += digits
    return this
  }

  /** Octets as they are. */
  octets(octets: Uint8Array): this {
    const buffer = this.#room(octets.length)
    if (octets.length < 24) {
      let at = this.#length
      for (let index = 0; index < octets.length; index++) buffer[at++] = octets[index] ?? 0
    } else buffer.set(octets, this.#length)
    this.#length += octets.length
    return this
  }

  line(text: string): this {
    return this.text(text).text('\r\n')
  }

  /** `string` for text: quoted where that can carry it, else a literal in UTF-8. */
  string(text: string): this {
    if (text.length > MAX_QUOTED || !QUOTABLE.test(text)) return this.literal(Buffer.from(text))
    return this.text(quote(text))
  }

  literal(octets: Uint8Array): this {
    return this.literalHeader(octets.length).octets(withoutNul(octets))
  }

  /** `"{" number "}" CRLF`; exactly so many octets must follow. */
  literalHeader(size: number): this {
    return this.octet(0x7b).number(size).text('}\r\n')
  }

  /** `astring`: an atom where it can be one. */
  astring(text: string): this {
    return isAtom(text) && text.toUpperCase() !== 'NIL' ? this.text(text) : this.string(text)
  }

  /** `mailbox`, from Unicode. */
  mailbox(path: string): this {
    return this.astring(encodeModifiedUtf7(path))
  }
}

function bufferFor(needed: number): Buffer {
  if (needed > POOLED) return Buffer.allocUnsafeSlow(needed)
  if (needed > MEDIUM) return takeBuffer()
  return Buffer.allocUnsafeSlow(needed > SMALL ? MEDIUM : SMALL)
}

function quote(text: string): string {
  return `"${/["\\]/.test(text) ? text.replace(/["\\]/g, '\\$&') : text}"`
}

/** A literal cannot carry NUL (RFC 3501 §9, CHAR8): it goes out as 0x80, the length unchanged. */
export function withoutNul(octets: Uint8Array): Uint8Array {
  let at = octets.indexOf(0)
  if (at < 0) return octets
  const copy = Uint8Array.from(octets)
  for (; at >= 0; at = copy.indexOf(0, at)) copy[at] = NUL_AS
  return copy
}
