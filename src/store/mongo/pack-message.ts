// A parsed message as the documents that are written of it, made before its mutation begins.

import { lastMade } from '../../kit/last-made.js'
import type { ParsedMessage, Summary } from '../../model/message.js'
import { StoreError } from '../errors.js'
import { MAX_PACKED_SIZE } from '../index-codec.js'
import type { NewMessage } from '../messages.js'
import type { NewEntry } from '../new-entries.js'
import { blobsOf, cutsJson } from '../stored-source.js'
import type { ContentDocument, SourceDocument } from './schema.js'

export interface PackedMessage extends NewEntry {
  readonly content: Omit<ContentDocument, '_id'>
  readonly source: Omit<SourceDocument, '_id'>
  /** SHA-256, 32 octets each. */
  readonly blobs: readonly Uint8Array[]
}

export const contentOf = (summary: Summary): PackedMessage['content'] => ({
  envelope: summary.envelope,
  structure: summary.structure,
  subject: summary.subject,
  base_subject: summary.baseSubject,
  sent_date: summary.sentDate,
  sent_zone: summary.sentZone,
  has_attachments: summary.hasAttachments,
  sender: summary.from,
  recipients: summary.to,
  cc: summary.cc,
  bcc: summary.bcc,
  message_id: summary.messageId,
  in_reply_to: summary.inReplyTo,
  reference_ids: summary.references,
  thread_id: summary.threadId,
  intro: summary.intro,
})

type PackedParts = Pick<PackedMessage, 'content' | 'blobs'> & {
  source: Omit<PackedMessage['source'], 'trace'>
}

/** Once for all recipients of a message. */
const packedOf = lastMade((parsed: ParsedMessage): PackedParts => {
  const { size, skeleton, text, cuts, root, summary } = parsed
  const texts = { cuts: cutsJson(cuts), root: JSON.stringify(root) }
  return {
    content: contentOf(summary),
    source: { codec: 0, key_id: null, size, ...texts, skeleton, text },
    blobs: blobsOf(cuts),
  }
})

export function packMessage(message: NewMessage): PackedMessage {
  const { parsed, trace, flags, internalDate } = message
  const size = trace.length + parsed.size
  if (size > MAX_PACKED_SIZE) throw new StoreError('limit', `a message of ${size} octets is too large`)
  const { content, source, blobs } = packedOf(parsed)
  return {
    flags,
    internalDate: internalDate.at,
    zone: internalDate.zone,
    size,
    hasAttachments: parsed.summary.hasAttachments,
    content,
    source: { ...source, trace },
    blobs,
  }
}

/** About what the message's documents take. */
export const octetsOf = ({ content, source }: PackedMessage): number =>
  2048 +
  content.envelope.length +
  content.structure.length +
  source.skeleton.length +
  source.trace.length +
  source.root.length +
  source.cuts.length +
  (source.text?.length ?? 0)
