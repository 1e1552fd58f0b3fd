// The text of a message as a reader sees it: decoded from its transfer encoding and charset, HTML by its visible text.
// For search and for the intro of lists.
import { isAscii, isUtf8 } from 'node:buffer'
import type { Part } from '../model/message.js'
import { decodeCharset, isAsciiSuperset } from './charset.js'
import { decodeWords } from './encoded-words.js'
import { collapseBlanks, eachField, unfold } from './header-fields.js'
import { htmlText } from './html-text.js'
import { parameter } from './parameters.js'
import { decodeTransfer } from './transfer-encoding.js'

export type Leaf = Pick<Part, 'type' | 'subtype' | 'params' | 'encoding'>

const asBuffer = (octets: Uint8Array): Buffer =>
  Buffer.isBuffer(octets) ? octets : Buffer.from(octets.buffer, octets.byteOffset, octets.length)

/** The octets of a part's body without its transfer encoding, read tolerantly. */
export function decodeBody(part: Pick<Part, 'encoding'>, body: Uint8Array): Buffer {
  return decodeTransfer(part.encoding, asBuffer(body))
}

/** The visible text of a text part, from its body as it stands in the source; empty for other parts. */
export function partText(part: Leaf, body: Uint8Array): string {
  if (part.type !== 'text') return ''
  const text = decodeCharset(decodeBody(part, body), charsetOf(part))
  return part.subtype === 'html' ? htmlText(text) : text
}

/** All parts of a message in their order: itself first, those of messages inside it too. */
export function partsOf(root: Part): Part[] {
  const found: Part[] = []
  const open: Part[] = [root]
  for (let part = open.pop(); part !== undefined; part = open.pop()) {
    found.push(part)
    if (part.message !== undefined) open.push(part.message)
    else if (part.children !== undefined) open.push(...[...part.children].reverse())
  }
  return found
}

/** The text parts among them. */
export const textParts = (root: Part): Part[] =>
  partsOf(root).filter(
    ({ type, message, children }) => type === 'text' && message === undefined && children === undefined,
  )

/** A report about a message (message/delivery-status and kin) as the plain text that it is; undefined for any other part. */
export const reportText = (part: Part): Part | undefined =>
  part.type === 'message' && part.message === undefined
    ? { ...part, type: 'text', subtype: 'plain' }
    : undefined

/** Whether the body, as it stands in the source, is already its visible text in ASCII or UTF-8. */
export function isOwnText(part: Leaf, body: Uint8Array): boolean {
  if (part.type !== 'text' || part.subtype === 'html') return false
  if (part.encoding === 'base64' || part.encoding === 'quoted-printable') return false
  const charset = charsetOf(part)
  if (isAscii(body)) return isAsciiSuperset(charset)
  return /^(?:|us-ascii|ascii|utf-?8)$/i.test(charset.trim()) && isUtf8(body)
}

/**
 * Octets of bodies that are not their own text, up to which a message's text is decoded when it is searched, sooner than a
 * kept one would be read.
 */
export const DECODED_WHEN_SEARCHED = 2 * 1024

/** All fields of a header as `Name: value` lines, unfolded, decoded to Unicode, runs of blanks as one. */
export function decodedHeaderText(header: Uint8Array): string {
  const octets = asBuffer(header)
  const source = octets.toString('latin1')
  const lines: string[] = []
  eachField(source, (start, nameEnd, valueStart, end) => {
    // An encoded word may hold a line end: what stands behind it is no field of its own.
    const value = decodeWords(unfold(source, valueStart, end)).replaceAll(/[\r\n]+/g, ' ')
    lines.push(`${source.slice(start, nameEnd)}: ${collapseBlanks(value)}`)
  })
  return lines.join('\n')
}

export function charsetOf(part: Leaf): string {
  return part.params.length === 0 ? '' : (parameter(part.params, 'charset') ?? '')
}
