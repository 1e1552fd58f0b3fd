// A parsed message made ready for the writer thread: nested data as JSON, octets in buffers of their own, because cloning a
// view copies all that stands behind it.

import { lastMade } from '../../kit/last-made.js'
import type { ParsedMessage, Summary } from '../../model/message.js'
import { StoreError } from '../errors.js'
import { MAX_PACKED_SIZE } from '../index-codec.js'
import type { NewMessage } from '../messages.js'
import type { DumpedContent } from '../migration.js'
import { blobsOf, cutsJson, LazySource } from '../stored-source.js'
import type { PackedContent, PackedMessage } from './calls.js'

export const owned = (octets: Uint8Array): Uint8Array =>
  octets.byteLength === octets.buffer.byteLength ? octets : octets.slice()

/** Text where every octet is ASCII, else the octets. */
function asciiOr(octets: Uint8Array): string | Uint8Array {
  const text = Buffer.from(octets.buffer, octets.byteOffset, octets.byteLength).toString('latin1')
  return /^[\x00-\x7f]*$/.test(text) ? text : owned(octets)
}

const preparedColumns = ({ envelope, structure }: Pick<Summary, 'envelope' | 'structure'>) =>
  [asciiOr(envelope), asciiOr(structure)] as const

const summaryColumns = (summary: Summary): (string | number | null)[] => [
  summary.subject,
  summary.baseSubject,
  summary.sentDate,
  summary.sentZone,
  summary.hasAttachments ? 1 : 0,
  summary.from,
  summary.to,
  summary.cc,
  summary.bcc,
  summary.messageId,
  summary.inReplyTo,
  summary.references.join('\n'),
  summary.threadId,
  summary.intro,
]

/** One object for all recipients of a message. */
const packedOf = lastMade(
  (parsed: ParsedMessage): PackedContent => ({
    source: [parsed.size, cutsJson(parsed.cuts), JSON.stringify(parsed.root), owned(parsed.skeleton)],
    prepared: preparedColumns(parsed.summary),
    summary: summaryColumns(parsed.summary),
    text: parsed.text,
    blobs: owned(Buffer.concat(blobsOf(parsed.cuts))),
  }),
)

export function packMessage(message: NewMessage): PackedMessage {
  const { parsed, trace, flags, internalDate } = message
  const size = trace.length + parsed.size
  if (size > MAX_PACKED_SIZE) throw new StoreError('limit', `a message of ${size} octets is too large`)
  return {
    flags,
    internalDate: internalDate.at,
    zone: internalDate.zone,
    size,
    hasAttachments: parsed.summary.hasAttachments,
    content: packedOf(parsed),
    trace: owned(trace),
  }
}

/** A content of another store, to be kept as it is. */
export const packContent = ({ summary, source, text }: DumpedContent): PackedContent => ({
  source: [source.size, source.cuts, source.root, owned(source.skeleton)],
  prepared: preparedColumns(summary),
  summary: summaryColumns(summary),
  text,
  blobs: owned(Buffer.concat(blobsOf(new LazySource(source).cuts))),
})
