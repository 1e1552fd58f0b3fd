// Content-Transfer-Encodings, read tolerantly: what does not fit is passed over or stays as it is. RFC 2045 §6.7, §6.8;
// RFC 2047 §4.2 for the Q encoding of headers.

const EQUALS = 61
const UNDERSCORE = 95
const LF = 10
const CR = 13
const SPACE = 32
const TAB = 9

const HEX = new Int8Array(256).fill(-1)
for (const [index, char] of [...'0123456789abcdef'].entries()) {
  HEX[char.charCodeAt(0)] = index
  HEX[char.toUpperCase().charCodeAt(0)] = index
}

/**
 * base64 with any stray characters (`-` and `_` are such, though Buffer reads them as base64url); several padded pieces
 * one behind the other are all read.
 */
export function decodeBase64(encoded: string): Buffer {
  const text = /[-_]/.test(encoded) ? encoded.replace(/[-_]/g, '') : encoded
  const padding = text.indexOf('=')
  if (padding < 0 || !/[A-Za-z0-9+/]/.test(text.slice(padding, padding + 1024)))
    return Buffer.from(text, 'base64')
  return Buffer.concat(text.split(/=+/).map((piece) => Buffer.from(piece, 'base64')))
}

/** RFC 2047 §4.2: as quoted-printable, with `_` for a space. */
export function decodeQ(text: string): Buffer {
  return unquote(Buffer.from(text, 'latin1'), true)
}

/** Quoted-printable (RFC 2045 §6.7): soft line breaks and blanks at the ends of lines go, bad escapes stay. */
function decodeQuotedPrintable(octets: Buffer): Buffer {
  return unquote(octets, false)
}

function unquote(octets: Buffer, inHeader: boolean): Buffer {
  const out = Buffer.allocUnsafe(octets.length)
  let length = 0
  // Behind the last octet of this line that is no blank: the blanks before a newline go.
  let solid = 0
  for (let at = 0; at < octets.length; at++) {
    const code = octets[at] ?? 0
    if (code === LF && !inHeader) {
      const crlf = octets[at - 1] === CR && length > solid
      length = solid
      if (crlf) out[length++] = CR
      out[length++] = LF
      solid = length
      continue
    }
    if (code === EQUALS) {
      const high = HEX[octets[at + 1] ?? 0] ?? -1
      const low = HEX[octets[at + 2] ?? 0] ?? -1
      if (high >= 0 && low >= 0) {
        out[length++] = high * 16 + low
        solid = length
        at += 2
        continue
      }
      const next = inHeader ? -1 : softBreak(octets, at)
      if (next >= 0) {
        solid = length
        at = next
        continue
      }
    }
    out[length++] = inHeader && code === UNDERSCORE ? SPACE : code
    if (code !== SPACE && code !== TAB && code !== CR) solid = length
  }
  return out.subarray(0, length)
}

/** Index of the newline that ends the soft line break at `at`, or -1 where there is none. */
function softBreak(octets: Buffer, at: number): number {
  let next = at + 1
  while (octets[next] === SPACE || octets[next] === TAB) next++
  if (octets[next] === CR) next++
  if (next >= octets.length) return octets.length - 1
  return octets[next] === LF ? next : -1
}

/** The body of a part without its transfer encoding; an encoding that is not known leaves it as it is. */
export function decodeTransfer(encoding: string, octets: Buffer): Buffer {
  if (encoding === 'base64') return decodeBase64(octets.toString('latin1'))
  if (encoding === 'quoted-printable') return decodeQuotedPrintable(octets)
  return octets
}
