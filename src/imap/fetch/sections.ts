// Sections of messages on their way to the client: how long each is, exactly, before its first octet is sent (a literal's
// length cannot be taken back), then its octets. RFC 3501 §6.4.5, §7.4.2.

import { filterHeader, findSection, type MessageSource } from '../../mail/source.js'
import { ConnectionEnded } from '../reply.js'
import type { Session } from '../session.js'
import { withoutNul } from '../wire/response-writer.js'
import type { SectionItem } from './items.js'

/** What is sent for a section: octets at hand, a range of the source, or NIL where the message has no such part. */
export type Content =
  | { readonly octets: Uint8Array }
  | { readonly source: MessageSource; readonly from: number; readonly to: number }
  | 'NIL'

/** Octets up to here are gathered with what surrounds them; more are handed to the socket as they are. */
const GATHERED = 16_384

interface Range {
  readonly from: number
  readonly to: number
}

/** Where the section lies in the source, trace lines counted. */
function rangeOf(source: MessageSource, { section }: SectionItem): Range | undefined {
  const { part, text } = section
  if (part.length === 0 && text === '') return { from: 0, to: source.size }
  const span = findSection(source.root, section)
  if (span === 'absent') return undefined
  const { traceLength } = source
  // The trace lines of a delivery are the beginning of the message's own header.
  const from = part.length === 0 && text.startsWith('HEADER') ? 0 : traceLength + span.start
  return { from, to: traceLength + span.end }
}

async function collect(source: MessageSource, { from, to }: Range): Promise<Buffer> {
  const pieces: Uint8Array[] = []
  for await (const piece of source.read(from, to)) pieces.push(piece)
  return Buffer.concat(pieces)
}

/** The octets at `partial` of something `length` long (RFC 3501 §6.4.5: beyond the end it is empty). */
function cut({ partial }: SectionItem, length: number): Range {
  if (partial === undefined) return { from: 0, to: length }
  const from = Math.min(partial.from, length)
  return { from, to: Math.min(length, from + partial.octets) }
}

export async function contentOf(source: MessageSource, item: SectionItem): Promise<Content> {
  const range = rangeOf(source, item)
  if (range === undefined) return 'NIL'
  const { names, text } = item.section
  if (names !== undefined) {
    const header = filterHeader(await collect(source, range), names, text === 'HEADER.FIELDS.NOT')
    const { from, to } = cut(item, header.length)
    return { octets: header.subarray(from, to) }
  }
  const { from, to } = cut(item, range.to - range.from)
  const memory = source.inMemory()
  if (memory !== undefined) return { octets: memory.subarray(range.from + from, range.from + to) }
  return { source, from: range.from + from, to: range.from + to }
}

async function sendOctets(session: Session, octets: Uint8Array): Promise<void> {
  const { output } = session
  if (octets.length <= GATHERED) output.writer.octets(withoutNul(octets))
  else await output.send(withoutNul(octets))
  if (output.writer.full) await output.flush()
}

async function sendRange(session: Session, content: { source: MessageSource; from: number; to: number }): Promise<void> {
  let left = content.to - content.from
  for await (const piece of content.source.read(content.from, content.to)) {
    left -= piece.length
    if (left < 0) break
    await sendOctets(session, piece)
  }
  if (left !== 0) throw new Error(`a section has ${-left} octets more than was announced`)
}

/** Writes `label SP nstring`. Throws ConnectionEnded where it cannot be sent as long as it was announced. */
export async function sendSection(session: Session, label: Buffer, content: Content): Promise<void> {
  const { writer } = session.output
  writer.octets(label).octet(0x20)
  if (content === 'NIL') {
    writer.text('NIL')
    return
  }
  if ('octets' in content) {
    writer.literalHeader(content.octets.length)
    await sendOctets(session, content.octets)
    return
  }
  writer.literalHeader(content.to - content.from)
  try {
    await sendRange(session, content)
  } catch (error) {
    if (!(error instanceof ConnectionEnded)) session.connection.log.error({ err: error }, 'imap-literal-cut-off')
    // The client counts octets: only the end of the connection tells it that the rest is missing.
    session.connection.destroy()
    throw new ConnectionEnded()
  }
}
