// base64 in lines of one length (RFC 2045 §6.8), both ways: reading it so that exactly the same octets can be written
// again, and writing any stretch of those lines from the decoded octets.
import type { CutForm } from '../model/message.js'

const LF = 10
const CR = 13
const PAD = 61
/** Longer lines are not taken for lines of base64. */
export const MAX_BASE64_LINE = 1024

export type Base64Form = Extract<CutForm, { kind: 'base64' }>

export interface DecodedLines {
  /** How many octets of the input were whole canonical lines, from its beginning. */
  readonly accepted: number
  readonly decoded: Buffer
}

/**
 * Takes base64 line by line as long as encoding the result again gives the same octets. Whatever the pieces in which it
 * is fed, the same lines are accepted. After `done`, what follows does not belong to it.
 */
export class CanonicalBase64 {
  #lineLength = 0
  #newline: '\r\n' | '\n' = '\n'
  #lastNewline = true
  done = false

  get form(): Base64Form {
    return {
      kind: 'base64',
      lineLength: this.#lineLength,
      newline: this.#newline,
      lastNewline: this.#lastNewline,
    }
  }

  /** Reads whole lines of `octets[start, end)`; with `final` the last one may lack its newline. */
  feed(octets: Buffer, start: number, end: number, final: boolean): DecodedLines {
    const compact = Buffer.allocUnsafe(end - start)
    const lineEnds: number[] = []
    let filled = 0
    let at = start
    if (this.#lineLength === 0 && !this.#measure(octets, start, end)) return NOTHING
    const newline = this.#newline.length
    while (!this.done && at < end) {
      const length = this.#lineAt(octets, at, end, final)
      if (length < 0) break
      octets.copy(compact, filled, at, at + length)
      filled += length
      at += length + (this.#lastNewline ? newline : 0)
      lineEnds.push(at - start)
    }
    const text = compact.toString('latin1', 0, filled)
    const decoded = Buffer.from(text, 'base64')
    if (decoded.toString('base64') === text) return { accepted: lineEnds.at(-1) ?? 0, decoded }
    return this.#beforeFlaw(text, lineEnds)
  }

  /** Learns line length and newline from the first line; false while it is not there, or where it is no base64. */
  #measure(octets: Buffer, start: number, end: number): boolean {
    let lf = start
    while (lf < end && octets[lf] !== LF) lf++
    if (lf === end || lf - start > MAX_BASE64_LINE + 1) {
      if (end - start > MAX_BASE64_LINE + 1) this.done = true
      return false
    }
    const crlf = lf > start && octets[lf - 1] === CR
    const length = lf - start - (crlf ? 1 : 0)
    if (length === 0 || length % 4 !== 0) {
      this.done = true
      return false
    }
    this.#lineLength = length
    this.#newline = crlf ? '\r\n' : '\n'
    return true
  }

  /**
   * Length of the line at `at`, or -1 where it is not whole yet or breaks the rule (`done` then). That there is no
   * newline inside a line of full length is found by decoding it.
   */
  #lineAt(octets: Buffer, at: number, end: number, final: boolean): number {
    const full = this.#lineLength
    const crlf = this.#newline === '\r\n'
    const next = at + full + (crlf ? 2 : 1)
    if (next <= end && octets[next - 1] === LF && (!crlf || octets[next - 2] === CR)) {
      if (octets[at + full - 1] === PAD) this.done = true
      return full
    }
    return this.#lastLineAt(octets, at, end, final)
  }

  #lastLineAt(octets: Buffer, at: number, end: number, final: boolean): number {
    const limit = Math.min(end, at + this.#lineLength + 2)
    let lf = at
    while (lf < limit && octets[lf] !== LF) lf++
    const ended = lf < limit
    if (!ended && !final && end < at + this.#lineLength + 2) return -1
    this.done = true
    let length = lf - at
    if (ended && this.#newline === '\r\n') {
      if (length === 0 || octets[lf - 1] !== CR) return -1
      length--
    }
    if (!ended && lf < end) return -1
    if (length === 0 || length % 4 !== 0 || length > this.#lineLength) return -1
    this.#lastNewline = ended
    return length
  }

  /** Something in these lines is not what an encoder writes: keeps the lines before it. */
  #beforeFlaw(text: string, lineEnds: readonly number[]): DecodedLines {
    this.done = true
    this.#lastNewline = true
    let good = 0
    while (good < lineEnds.length && isCanonical(this.#line(text, good))) good++
    let kept = text.slice(0, good * this.#lineLength)
    let accepted = lineEnds[good - 1] ?? 0
    const flawed = this.#line(text, good)
    const short = flawed.slice(0, Math.max(0, flawed.indexOf(this.#newline)))
    if (short.length > 0 && isCanonical(short)) {
      kept += short
      accepted += short.length + this.#newline.length
    }
    return { accepted, decoded: Buffer.from(kept, 'base64') }
  }

  #line(text: string, index: number): string {
    return text.slice(index * this.#lineLength, (index + 1) * this.#lineLength)
  }
}

const isCanonical = (line: string): boolean => Buffer.from(line, 'base64').toString('base64') === line

const NOTHING: DecodedLines = { accepted: 0, decoded: Buffer.alloc(0) }

/**
 * Which decoded octets [start, end) are needed to write the octets [start, end) of the encoded lines, and how many
 * written octets stand before the asked ones.
 */
export function decodedRange(
  form: Base64Form,
  blobSize: number,
  start: number,
  end: number,
): { start: number; end: number; skip: number } {
  const perLine = (form.lineLength / 4) * 3
  const line = form.lineLength + form.newline.length
  const first = Math.floor(start / line)
  const last = Math.ceil(end / line)
  return {
    start: Math.min(blobSize, first * perLine),
    end: Math.min(blobSize, last * perLine),
    skip: start - first * line,
  }
}

export interface LineRange {
  /** Blob offset of the first octet that will be written, a multiple of a line. */
  readonly startsAt: number
  /** Of the encoded octets so many are left out first, then `length` given. */
  readonly skip: number
  readonly length: number
}

/** Writes lines of base64 from decoded octets that come in pieces of any size. */
export class Base64Lines {
  readonly #form: Base64Form
  readonly #blobSize: number
  readonly #perLine: number
  #at: number
  #skip: number
  #left: number
  #rest: Buffer = Buffer.alloc(0)

  constructor(form: Base64Form, blobSize: number, { startsAt, skip, length }: LineRange) {
    this.#form = form
    this.#blobSize = blobSize
    this.#perLine = (form.lineLength / 4) * 3
    this.#at = startsAt
    this.#skip = skip
    this.#left = length
  }

  /** Encoded octets for the whole lines that are there now; a line that the blob does not end waits for its rest. */
  write(decoded: Uint8Array): Buffer {
    const octets = this.#rest.length === 0 ? decoded : Buffer.concat([this.#rest, decoded])
    // Only the blob's last line is shorter than the others; without it here the rest waits for more.
    const atEnd = this.#at + octets.length >= this.#blobSize
    const usable = atEnd ? octets.length : octets.length - (octets.length % this.#perLine)
    this.#rest = Buffer.from(octets.subarray(usable))
    const lines = this.#encode(octets.subarray(0, usable), atEnd)
    this.#at += usable
    const from = Math.min(this.#skip, lines.length)
    this.#skip -= from
    const out = lines.subarray(from, Math.min(lines.length, from + this.#left))
    this.#left -= out.length
    return out
  }

  #encode(octets: Uint8Array, atEnd: boolean): Buffer {
    const { lineLength, newline, lastNewline } = this.#form
    const text = Buffer.from(octets.buffer, octets.byteOffset, octets.length).toString('base64')
    const lines = Math.ceil(text.length / lineLength)
    const out = Buffer.allocUnsafe(text.length + lines * newline.length)
    let at = 0
    for (let from = 0; from < text.length; from += lineLength) {
      at += out.write(text.slice(from, from + lineLength), at, 'latin1')
      at += out.write(newline, at, 'latin1')
    }
    return atEnd && !lastNewline ? out.subarray(0, Math.max(0, at - newline.length)) : out.subarray(0, at)
  }
}
