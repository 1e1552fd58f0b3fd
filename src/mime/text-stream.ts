// The visible text of a part whose body comes in pieces, so that nobody has to decode a large one at a stretch: what
// `partText` gives for the whole. RFC 2045 §6.7, §6.8.
import { charsetStream, type TextPieces } from './charset.js'
import { HtmlText } from './html-text.js'
import { charsetOf, type Leaf } from './text.js'
import { decodeBase64, decodeTransfer } from './transfer-encoding.js'

const LF = 10
const CR = 13
const SPACE = 32
const TAB = 9
const EQUALS = 61

/** A line of quoted-printable longer than this is cut before its end. */
const LONGEST_LINE = 256 * 1024

interface OctetPieces {
  push(octets: Buffer): Buffer
  end(): Buffer
}

/** Groups of four characters, between one padding and the next. */
class Base64Pieces implements OctetPieces {
  #rest = ''

  push(octets: Buffer): Buffer {
    const characters = octets.toString('latin1').replace(/[^A-Za-z0-9+/=]+/g, '')
    const text = this.#rest + characters.replace(/={2,}/g, '=')
    const whole = text.length - ((text.length - text.lastIndexOf('=') - 1) % 4)
    this.#rest = text.slice(whole)
    return decodeBase64(text.slice(0, whole))
  }

  end(): Buffer {
    return decodeBase64(this.#rest)
  }
}

/** Whole lines, for what stands at the end of one is decided by its newline. */
class QuotedPrintablePieces implements OctetPieces {
  readonly #waiting: Buffer[] = []
  #length = 0

  push(octets: Buffer): Buffer {
    const newline = octets.lastIndexOf(LF)
    let cut = newline + 1
    if (newline < 0 && this.#length + octets.length > LONGEST_LINE) cut = insideLine(octets)
    const whole = cut === 0 ? NOTHING : this.#take(octets.subarray(0, cut))
    if (cut < octets.length) this.#waiting.push(octets.subarray(cut))
    this.#length += octets.length - cut
    return whole
  }

  end(): Buffer {
    return this.#take(NOTHING)
  }

  #take(last: Buffer): Buffer {
    const whole = Buffer.concat([...this.#waiting, last])
    this.#waiting.length = 0
    this.#length = 0
    return decodeTransfer('quoted-printable', whole)
  }
}

/** Behind an octet that is neither a blank nor of an escape; where there is none, at the end. */
function insideLine(octets: Buffer): number {
  for (let at = octets.length - 1; at >= 2; at--) {
    const code = octets[at] ?? 0
    if (code === SPACE || code === TAB || code === CR || code === EQUALS) continue
    if (octets[at - 1] !== EQUALS && octets[at - 2] !== EQUALS) return at + 1
  }
  return octets.length
}

const NOTHING = Buffer.alloc(0)
const AS_IT_IS: OctetPieces = { push: (octets) => octets, end: () => NOTHING }

function transferPieces(encoding: string): OctetPieces {
  if (encoding === 'base64') return new Base64Pieces()
  return encoding === 'quoted-printable' ? new QuotedPrintablePieces() : AS_IT_IS
}

export class TextStream {
  readonly #octets: OctetPieces
  readonly #characters: TextPieces
  readonly #html: HtmlText | undefined

  /** For a text part. */
  constructor(part: Leaf) {
    this.#octets = transferPieces(part.encoding)
    this.#characters = charsetStream(charsetOf(part))
    this.#html = part.subtype === 'html' ? new HtmlText() : undefined
  }

  /** Octets of the body as it stands in the source; what can be told of its text by now. */
  push(octets: Buffer): string {
    const text = this.#characters.push(this.#octets.push(octets))
    return this.#html === undefined ? text : this.#html.push(text)
  }

  end(): string {
    const text = this.#characters.push(this.#octets.end()) + this.#characters.end()
    return this.#html === undefined ? text : this.#html.push(text) + this.#html.end()
  }
}
