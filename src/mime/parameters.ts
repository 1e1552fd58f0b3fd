// Parameters of Content-Type and Content-Disposition. RFC 2045 §5.1; RFC 2231: continuations are joined for
// BODYSTRUCTURE as `name` or, where one of them is percent-encoded, `name*`; only `parameter` decodes.
import type { Parameters } from '../model/message.js'
import { decodeCharset } from './charset.js'
import { decodeWords } from './encoded-words.js'
import type { Lexer } from './lexer.js'

const SEMICOLON = 59
const EQUALS = 61
const QUESTION = 63
const QUOTE = 34

/** Reads `; name=value` up to the end of the field, at most `limit` of them. */
export function readParameters(lexer: Lexer, limit: number): Parameters {
  const params: (readonly [string, string])[] = []
  let extended = false
  lexer.skipCfws()
  // Some writers forget the first semicolon.
  for (let first = true; params.length < limit; first = false) {
    if (!first || !lexer.atToken) lexer.skipTo(';')
    if (lexer.atEnd) break
    lexer.take(SEMICOLON)
    lexer.skipCfws()
    const name = lexer.token()
    lexer.skipCfws()
    if (name === '' || !lexer.take(EQUALS)) continue
    lexer.skipCfws()
    const value = lexer.peek() === QUOTE ? lexer.quotedString() : plainValue(lexer)
    if (name.includes('*')) extended = true
    params.push([name, value])
  }
  return extended ? joinContinuations(params) : params
}

/** A token; `=` and `?` are let through, and encoded-words that stand here against RFC 2047 §5. */
function plainValue(lexer: Lexer): string {
  let value = lexer.encodedWord()
  for (;;) {
    value += lexer.token()
    const code = lexer.peek()
    if (code !== EQUALS && code !== QUESTION) return value
    value += String.fromCharCode(code)
    lexer.pos++
  }
}

interface Piece {
  readonly index: number
  readonly percent: boolean
  readonly value: string
  readonly spelled: string
}

/** RFC 2231 §3 and §4.1: pieces in order, however they were written; what lacks its beginning stays as it is. */
function joinContinuations(params: Parameters): Parameters {
  const joined: (readonly [string, string])[] = []
  const byName = new Map<string, Piece[]>()
  for (const [name, value] of params) {
    const match = /^([^*]+)\*(\d{1,5})(\*?)$/.exec(name)
    if (match === null) {
      joined.push([name, value])
      continue
    }
    const key = (match[1] ?? '').toLowerCase()
    const pieces = byName.get(key) ?? []
    pieces.push({ index: Number(match[2]), percent: match[3] === '*', value, spelled: name })
    byName.set(key, pieces)
  }
  for (const name of [...byName.keys()].sort()) joined.push(...joinPieces(name, byName.get(name) ?? []))
  return joined
}

function joinPieces(key: string, pieces: Piece[]): Parameters {
  pieces.sort((a, b) => a.index - b.index)
  if (pieces.some((piece, index) => piece.index !== index)) {
    return pieces.map(({ spelled, value }) => [spelled, value] as const)
  }
  const name = pieces[0]?.spelled.slice(0, key.length) ?? key
  if (!pieces.some((piece) => piece.percent)) return [[name, pieces.map((piece) => piece.value).join('')]]
  const value = pieces.map((piece) => (piece.percent ? piece.value : percentEncode(piece.value)))
  return [[`${name}*`, value.join('')]]
}

const percentEncode = (value: string): string =>
  value.replace(
    /[^A-Za-z0-9!#$&+.^_`{|}~-]/g,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`,
  )

/** The value of a parameter as a reader sees it: percent-encoding, encoded-words and raw octets decoded. */
export function parameter(params: Parameters, name: string): string | undefined {
  let plain: string | undefined
  for (const [key, value] of params) {
    const lower = key.toLowerCase()
    if (lower === `${name}*`) return decodeExtended(value)
    if (lower === name && plain === undefined) plain = value
  }
  return plain === undefined ? undefined : decodeWords(plain)
}

/** RFC 2231 §4: `charset'language'percent-encoded`. */
function decodeExtended(value: string): string {
  const match = /^([^']*)'[^']*'/.exec(value)
  const encoded = match === null ? value : value.slice(match[0].length)
  const octets = encoded.replace(/%([0-9A-Fa-f]{2})/g, (_, hex) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  )
  return decodeCharset(Buffer.from(octets, 'latin1'), match?.[1] || 'utf-8')
}
