// Octets to Unicode by the name of a charset. The WHATWG names first (they are a superset of what mail uses), then
// iconv-lite for what they lack (UTF-7 among them); an unknown charset reads as UTF-8 where that fits, else windows-1252.
import { isAscii, isUtf8 } from 'node:buffer'
import { TextDecoder } from 'node:util'
import iconv from 'iconv-lite'

const decoders = new Map<string, TextDecoder | 'iconv' | 'unknown'>()
const KNOWN_LIMIT = 500

/** Never throws; octets that mean nothing become U+FFFD. */
export function decodeCharset(octets: Buffer, charset: string): string {
  const name = charset.trim().toLowerCase()
  if (name === 'utf-8' || name === 'utf8') return octets.toString('utf8')
  if (name === '' || name === 'us-ascii' || name === 'ascii') return decodeUnknown(octets)
  const decoder = decoderFor(name)
  if (decoder === 'unknown') return decodeUnknown(octets)
  if (decoder === 'iconv') return iconv.decode(octets, name)
  return decoder.decode(octets)
}

/** Octets that no charset was named for. */
export function decodeUnknown(octets: Buffer): string {
  if (isAscii(octets)) return octets.toString('latin1')
  if (isUtf8(octets)) return octets.toString('utf8')
  const decoder = decoderFor('windows-1252')
  return typeof decoder === 'string' ? octets.toString('latin1') : decoder.decode(octets)
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
