// What lists, sorts and searches read of a message, from its header's fields and its tree. RFC 5256 §2.1 and §2.2 for
// base subject and sent date; RFC 5322 §3.6.4 for message ids.
import { hash } from 'node:crypto'
import type { Part, Summary } from '../model/message.js'
import { addressText } from './addresses.js'
import { baseSubject } from './base-subject.js'
import { readDate } from './dates.js'
import { decodeWords } from './encoded-words.js'
import { type EnvelopeFields, envelopeResponse } from './envelope.js'
import { structureResponse } from './structure.js'

const MOST_REFERENCES = 1_000

export function summarise(root: Part, fields: EnvelopeFields, intro: string, header: Uint8Array): Summary {
  const subject = fields.subject === undefined ? '' : decodeWords(fields.subject)
  const date = fields.date === undefined ? undefined : readDate(fields.date)
  const messageId = messageIds(fields.messageId)[0] ?? ''
  const inReplyTo = messageIds(fields.inReplyTo)[0] ?? ''
  const references = messageIds(fields.references)
  return {
    envelope: Buffer.from(envelopeResponse(fields), 'latin1'),
    structure: Buffer.from(structureResponse(root), 'latin1'),
    subject,
    from: addressText(fields.from),
    to: addressText(fields.to),
    cc: addressText(fields.cc),
    bcc: addressText(fields.bcc),
    baseSubject: baseSubject(subject),
    sentDate: date?.time ?? null,
    sentZone: date?.zone ?? 0,
    messageId,
    inReplyTo,
    references,
    threadId: threadId(references[0] || inReplyTo || messageId, header),
    intro,
    hasAttachments: hasAttachments(root),
  }
}

/** The ids of a field without their angle brackets; a bare word counts where there are no brackets. */
function messageIds(value: string | undefined): string[] {
  if (value === undefined) return []
  const ids: string[] = []
  let at = value.indexOf('<')
  if (at < 0) {
    const word = value.trim().split(/\s/, 1)[0]
    return word ? [word] : []
  }
  while (at >= 0 && ids.length < MOST_REFERENCES) {
    const end = value.indexOf('>', at)
    if (end < 0) break
    if (end > at + 1) ids.push(value.slice(at + 1, end))
    at = value.indexOf('<', end)
  }
  return ids
}

/** A message without any id is a thread of its own, named after its header. */
function threadId(first: string, header: Uint8Array): string {
  return hash('sha256', first === '' ? header : first, 'hex').slice(0, 16)
}

/** Types that a mailer shows or checks by itself, whatever their disposition. */
const NOT_ATTACHED = new Set([
  'application/pgp-signature',
  'application/pgp-encrypted',
  'application/pkcs7-signature',
  'application/x-pkcs7-signature',
  'message/delivery-status',
  'message/disposition-notification',
  'text/rfc822-headers',
])

function hasAttachments(root: Part): boolean {
  const open: { part: Part; related: boolean }[] = [{ part: root, related: false }]
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { part, related } = next
    if (part.children !== undefined) {
      const inRelated = part.subtype === 'related'
      for (const child of part.children) open.push({ part: child, related: inRelated })
    } else if (isAttached(part, part === root, related)) return true
  }
  return false
}

function isAttached(part: Part, isRoot: boolean, related: boolean): boolean {
  const disposition = part.disposition?.type.toLowerCase()
  if (NOT_ATTACHED.has(`${part.type}/${part.subtype}`)) return false
  if (disposition === 'attachment') return true
  if (part.type === 'text') return !isRoot && disposition !== 'inline' && hasName(part)
  if (related && part.id !== undefined) return false
  return true
}

function hasName(part: Part): boolean {
  const params = [...part.params, ...(part.disposition?.params ?? [])]
  return params.some(([name]) => /^(?:file)?name(?:\*|$)/i.test(name))
}
