// The charsets that SEARCH takes its strings in (RFC 3501 §6.4.4): those that messages are read in
// (src/mime/charset.ts).

import { decodeCharset, isKnownCharset } from '../../mime/charset.js'
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

/** Throws NO [BADCHARSET (…)] for a charset that is not known. */
export function decoderOf(charset: string): Decode {
  const name = charset.toLowerCase()
  // Without a charset it is US-ASCII; what has 8-bit octets all the same is UTF-8 more often than anything else.
  if (name === 'us-ascii' || name === 'ascii' || name === 'utf-8') return asUtf8
  if (isKnownCharset(name)) return (octets) => decodeCharset(octets, name)
  throw no('The charset is not known', `BADCHARSET (${OFFERED.join(' ')})`)
}
