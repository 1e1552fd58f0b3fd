// Octets to Unicode by the name of a charset. The WHATWG names first (they are a superset of what mail uses), then
// iconv-lite for what they lack (UTF-7 among them); an unknown charset reads as UTF-8 where that fits, else windows-1252.
import { isAscii, isUtf8 } from 'node:buffer'
import { StringDecoder } from 'node:string_decoder'
import { TextDecoder } from 'node:util'
import iconv from 'iconv-lite'

const decoders = new Map<string, TextDecoder | 'iconv' | 'unknown'>()
const KNOWN_LIMIT = 500

const isUtf8Name = (name: string): boolean => name === 'utf-8' || name === 'utf8'
const isNoName = (name: string): boolean => name === '' || name === 'us-ascii' || name === 'ascii'

/** Never throws; octets that mean nothing become U+FFFD. */
export function decodeCharset(octets: Buffer, charset: string): string {
  const name = charset.trim().toLowerCase()
  if (isUtf8Name(name)) return octets.toString('utf8')
  if (isNoName(name)) return decodeUnknown(octets)
  const decoder = decoderFor(name)
  if (decoder === 'unknown') return decodeUnknown(octets)
  if (decoder === 'iconv') return iconv.decode(octets, name)
  return decodeWhole(decoder, octets)
}

/** As a stream of one piece: at a stretch, some versions of Node read windows-1252 as latin1, without its quotes and €. */
const decodeWhole = (decoder: TextDecoder, octets: Buffer): string =>
  decoder.decode(octets, { stream: true }) + decoder.decode()

/** Whether `decodeCharset` reads it by its name, not as octets that no charset was named for. */
export const isKnownCharset = (charset: string): boolean =>
  decoderFor(charset.trim().toLowerCase()) !== 'unknown'

/** Octets that no charset was named for. */
export function decodeUnknown(octets: Buffer): string {
  if (isAscii(octets)) return octets.toString('latin1')
  if (isUtf8(octets)) return octets.toString('utf8')
  const decoder = decoderFor('windows-1252')
  return typeof decoder === 'string' ? octets.toString('latin1') : decodeWhole(decoder, octets)
}

/** Characters from octets that come in pieces. */
export interface TextPieces {
  push(octets: Buffer): string
  end(): string
}

/** As `decodeCharset`, in pieces; where no charset is named, UTF-8 up to the first piece that is none. */
export function charsetStream(charset: string): TextPieces {
  const name = charset.trim().toLowerCase()
  if (isUtf8Name(name)) {
    const decoder = new StringDecoder('utf8')
    return { push: (octets) => decoder.write(octets), end: () => decoder.end() }
  }
  const known = isNoName(name) ? 'unknown' : decoderFor(name)
  if (known === 'unknown') return new UnknownPieces()
  if (known !== 'iconv') return textDecoderPieces(name)
  const decoder = iconv.getDecoder(name)
  return { push: (octets) => decoder.write(octets), end: () => decoder.end() ?? '' }
}

function textDecoderPieces(name: string): TextPieces {
  // One of its own: it holds what one piece leaves to the next.
  const decoder = new TextDecoder(name, { ignoreBOM: false })
  return { push: (octets) => decoder.decode(octets, { stream: true }), end: () => decoder.decode() }
}

class UnknownPieces implements TextPieces {
  /** The beginning of a character whose rest has not come. */
  #rest: Buffer = Buffer.alloc(0)
  #fallback: TextPieces | undefined

  push(octets: Buffer): string {
    if (this.#fallback !== undefined) return this.#fallback.push(octets)
    const all = this.#rest.length === 0 ? octets : Buffer.concat([this.#rest, octets])
    const whole = wholeCharacters(all)
    this.#rest = all.subarray(whole)
    const characters = all.subarray(0, whole)
    if (isUtf8(characters)) return characters.toString('utf8')
    this.#fallback = textDecoderPieces('windows-1252')
    return this.#fallback.push(all)
  }

  end(): string {
    return this.#fallback?.end() ?? decodeUnknown(this.#rest)
  }
}

/** Where the last character of UTF-8 that may still lack octets begins. */
function wholeCharacters(octets: Buffer): number {
  for (let back = 1; back <= 3 && back <= octets.length; back++) {
    const code = octets[octets.length - back] ?? 0
    if (code >= 0xc0)
      return back < (code >= 0xf0 ? 4 : code >= 0xe0 ? 3 : 2) ? octets.length - back : octets.length
    if (code < 0x80) break
  }
  return octets.length
}

function decoderFor(name: string): TextDecoder | 'iconv' | 'unknown' {
  const known = decoders.get(name)
  if (known !== undefined) return known
  const found = findDecoder(name)
  if (decoders.size < KNOWN_LIMIT) decoders.set(name, found)
  return found
}

function findDecoder(name: string): TextDecoder | 'iconv' | 'unknown' {
  try {
    return new TextDecoder(name, { ignoreBOM: false })
  } catch {
    // Not a name that TextDecoder knows.
  }
  return iconv.encodingExists(name) ? 'iconv' : 'unknown'
}

/** Whether the charset's first 128 codes are ASCII's, so that ASCII octets need no decoding. */
export function isAsciiSuperset(charset: string): boolean {
  return /^(?:$|us-ascii|ascii|utf-?8|iso[-_]?8859[-_]\d+|windows-125\d|cp125\d|koi8-[ru]|gb2312|gbk|gb18030|big5|euc-(?:jp|kr)|shift_jis)$/.test(
    charset.trim().toLowerCase(),
  )
}
