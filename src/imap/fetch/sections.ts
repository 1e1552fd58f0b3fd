// Sections of messages on their way to the client: how long each is, exactly, before its first octet is sent (a literal's
// length cannot be taken back), then its octets. RFC 3501 §6.4.5, §7.4.2.

import type { MessageSource, SectionOctets } from '../../mail/source.js'
import { ConnectionEnded } from '../reply.js'
import type { Session } from '../session.js'
import { withoutNul } from '../wire/response-writer.js'
import type { SectionItem } from './items.js'

/** What is sent for a section: octets at hand, a range of it, or NIL where the message has no such part. */
export type Content = { readonly octets: Uint8Array } | RangeOfSection | 'NIL'

interface RangeOfSection {
  readonly section: SectionOctets
  readonly from: number
  readonly to: number
}

/** Octets up to here are gathered with what surrounds them; more are handed to the socket as they are. */
const GATHERED = 49_152

/** The octets at `partial` of something `length` long (RFC 3501 §6.4.5: beyond the end it is empty). */
function cut({ partial }: SectionItem, length: number): { from: number; to: number } {
  if (partial === undefined) return { from: 0, to: length }
  const from = Math.min(partial.from, length)
  return { from, to: Math.min(length, from + partial.octets) }
}

export async function contentOf(source: MessageSource, item: SectionItem): Promise<Content> {
  const { part, text } = item.section
  const whole = part.length === 0 && text === '' ? source.inMemory() : undefined
  if (whole !== undefined) {
    const { from, to } = cut(item, whole.length)
    return { octets: whole.subarray(from, to) }
  }
  const section = await source.section(item.section)
  return section === undefined ? 'NIL' : { section, ...cut(item, section.length) }
}

async function sendOctets(session: Session, octets: Uint8Array): Promise<void> {
  const { output } = session
  if (octets.length <= GATHERED) output.writer.octets(withoutNul(octets))
  else await output.send(withoutNul(octets))
  if (output.writer.full) await output.flush()
}

async function sendRange(session: Session, { section, from, to }: RangeOfSection): Promise<void> {
  let left = to - from
  if (left === 0) return
  for await (const piece of section.read(from, to)) {
    left -= piece.length
    if (left < 0) break
    await sendOctets(session, piece)
  }
  if (left !== 0) throw new Error(`a section has ${-left} octets more than was announced`)
}

/** Writes `label SP nstring`. */
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
  await sendRange(session, content)
}

/** Takes back a row that began at `begun` and cannot be sent to its end. Throws ConnectionEnded where some of it has gone on. */
export function takeBackRow({ connection, output }: Session, begun: number, error: unknown): void {
  const isEnded = error instanceof ConnectionEnded
  if (!isEnded && output.writer.rewind(begun)) return
  if (!isEnded) connection.log.error({ err: error }, 'imap-literal-cut-off')
  // The client counts octets: only the end of the connection tells it that the rest is missing.
  connection.destroy()
  throw new ConnectionEnded()
}
