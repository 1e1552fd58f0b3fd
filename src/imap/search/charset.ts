// The charsets that SEARCH takes its strings in (RFC 3501 §6.4.4): what TextDecoder and iconv-lite know.

import iconv from 'iconv-lite'
import { no } from '../reply.js'

/** Octets of a string of the command to text. */
export type Decode = (octets: Buffer) => string

/** Named in the answer to an unknown charset; many more are taken. */
const OFFERED = [
  'US-ASCII',
  'UTF-8',
  'ISO-8859-1',
  'ISO-8859-15',
  'WINDOWS-1252',
  'KOI8-R',
  'ISO-2022-JP',
  'GB18030',
]

const asUtf8: Decode = (octets) => octets.toString('utf8')

function textDecoder(charset: string): Decode | undefined {
  try {
    const decoder = new TextDecoder(charset)
    return (octets) => decoder.decode(octets)
  } catch {
    return undefined
  }
}

/** Throws NO [BADCHARSET (…)] for a charset that is not known. */
export function decoderOf(charset: string): Decode {
  const name = charset.toLowerCase()
  // Without a charset it is US-ASCII; what has 8-bit octets all the same is UTF-8 more often than anything else.
  if (name === 'us-ascii' || name === 'ascii' || name === 'utf-8') return asUtf8
  const decode = textDecoder(name)
  if (decode !== undefined) return decode
  if (iconv.encodingExists(name)) return (octets) => iconv.decode(octets, name)
  throw no('The charset is not known', `BADCHARSET (${OFFERED.join(' ')})`)
}
