// Which FETCH items there are of a message, read from its BODYSTRUCTURE as a client would (RFC 3501 §6.4.5).

import type { Value } from '../wire/imap-values.js'

const FIELDS = '(FROM TO SUBJECT DATE RECEIVED)'

export const STRUCTURES = ['ENVELOPE', 'BODY', 'BODYSTRUCTURE', 'RFC822.SIZE'] as const

export interface Part {
  readonly number: string
  /** A message/rfc822: it alone has `[n.HEADER]` and its like (RFC 3501 §6.4.5). */
  readonly holdsMessage: boolean
}

/** The parts of a BODYSTRUCTURE, `1`, `2`, `2.1`, …; a message that is no multipart has a part 1. */
export function partsOf(structure: Value, prefix = ''): Part[] {
  if (!Array.isArray(structure)) return []
  const children = isMultipart(structure) ? structure.slice(0, childCount(structure)) : [structure]
  return children.flatMap((child, at) =>
    Array.isArray(child) ? partAndBelow(child, `${prefix}${at + 1}`) : [],
  )
}

function partAndBelow(structure: readonly Value[], number: string): Part[] {
  const holdsMessage = isText(structure[0], 'message') && isText(structure[1], 'rfc822')
  const below = holdsMessage ? (structure[8] ?? null) : isMultipart(structure) ? structure : null
  return [{ number, holdsMessage }, ...partsOf(below, `${number}.`)]
}

function isMultipart(structure: readonly Value[]): boolean {
  return Array.isArray(structure[0])
}

/** The children stand first; the subtype, a string, ends them (RFC 3501 §7.4.2). */
function childCount(structure: readonly Value[]): number {
  return structure.findIndex((value) => !Array.isArray(value))
}

function isText(value: Value | undefined, word: string): boolean {
  return Buffer.isBuffer(value) && value.toString('latin1').toLowerCase() === word
}

const OF_MESSAGE = ['HEADER', 'TEXT', `HEADER.FIELDS ${FIELDS}`, `HEADER.FIELDS.NOT ${FIELDS}`]

/** Everything that is asked of the message and of each part: without `BODY[` and `]`. */
export function sectionsOf(parts: readonly Part[]): string[] {
  const ofPart = ({ number, holdsMessage }: Part) => [
    number,
    ...['MIME', ...(holdsMessage ? OF_MESSAGE : [])].map((section) => `${number}.${section}`),
  ]
  return ['', ...OF_MESSAGE, ...new Set(parts.flatMap(ofPart))]
}

/** Pieces of a section: its start, its middle, over its end, behind its end, nothing. */
export function partialsOf(length: number): string[] {
  const middle = Math.floor(length / 2)
  return [`<0.64>`, `<${middle}.31>`, `<${Math.max(0, length - 7)}.100>`, `<${length + 10}.5>`, `<0.1>`]
}
