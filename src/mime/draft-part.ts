// A part while it is being read: the model's Part with its fields still open.
import type { Part } from '../model/message.js'

type Writable<T> = { -readonly [K in keyof T]: T[K] }
export type DraftPart = Writable<Omit<Part, 'children' | 'message'>> & {
  children?: Part[]
  message?: Part
}

/** A part as it is where its header says nothing (RFC 2045 §5.2). */
export function draftPart(start: number): DraftPart {
  return {
    header: { start, end: start },
    body: { start, end: start },
    type: 'text',
    subtype: 'plain',
    params: [],
    encoding: '7bit',
    lines: 0,
  }
}

/** message/rfc822 (RFC 2046 §5.2.1, which allows no other encoding) or, if it is not encoded, message/global. */
export function holdsMessage({ type, subtype, encoding }: DraftPart): boolean {
  if (type !== 'message') return false
  return (
    subtype === 'rfc822' || (subtype === 'global' && encoding !== 'base64' && encoding !== 'quoted-printable')
  )
}

/** A multipart or message that is not looked into any more. */
export function makeOpaque(part: DraftPart): void {
  part.type = 'application'
  part.subtype = 'octet-stream'
}
