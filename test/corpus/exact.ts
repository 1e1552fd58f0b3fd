// What "the bytes that came in are the bytes that go out" means on the wire, for APPEND and for LMTP.

import type { ImapClient } from '../wire/imap.js'
import { sha256 } from '../wire/sha256.js'
import { endsWithCrlf } from '../wire/smtp.js'

/** A NUL cannot stand in a literal (RFC 3501 §9, CHAR8): Eider sends 0x80 in its place. */
export function onTheWire(octets: Uint8Array): Buffer {
  const wire = Buffer.from(octets)
  for (let at = wire.indexOf(0); at >= 0; at = wire.indexOf(0, at + 1)) wire[at] = 0x80
  return wire
}

export interface Stored {
  readonly octets: Buffer
  readonly size: number
}

export async function fetchWhole(client: ImapClient, uid: number): Promise<Stored> {
  const messages = await client.fetch(`UID FETCH ${uid} (UID RFC822.SIZE BODY.PEEK[])`)
  const message = messages.find(({ items }) => items.get('UID') === String(uid))
  const octets = message?.items.get('BODY[]')
  if (!Buffer.isBuffer(octets)) throw new Error(`UID ${uid} has no BODY[]`)
  return { octets, size: Number(message?.items.get('RFC822.SIZE')) }
}

/** Undefined where all is well, else what is wrong. */
export function differsFromAppended(stored: Stored, sent: Uint8Array): string | undefined {
  if (stored.size !== sent.length) return `RFC822.SIZE ${stored.size}, sent ${sent.length}`
  return differs(stored.octets, onTheWire(sent))
}

const TRACE = ['return-path', 'delivered-to', 'received']

/** What DATA brings: its end is a line's (RFC 5321 §4.1.1.4). */
export const withLastLine = (sent: Uint8Array): Uint8Array =>
  endsWithCrlf(sent) ? sent : Buffer.concat([sent, Buffer.from('\r\n')])

export function differsFromDelivered(stored: Stored, expected: Uint8Array): string | undefined {
  const added = stored.octets.length - expected.length
  if (stored.size !== stored.octets.length)
    return `RFC822.SIZE ${stored.size}, BODY[] ${stored.octets.length}`
  if (added <= 0) return `no trace lines: ${stored.octets.length} octets, sent ${expected.length}`
  const trace = stored.octets.toString('latin1', 0, added)
  const fields = trace.replace(/\r\n[ \t]/g, ' ').split('\r\n')
  const names = fields.map((field) => field.slice(0, field.indexOf(':')).toLowerCase())
  if (fields.pop() !== '' || TRACE.some((name, at) => names[at] !== name) || fields.length !== TRACE.length) {
    return `the lines added are ${JSON.stringify(trace)}`
  }
  return differs(stored.octets.subarray(added), onTheWire(expected))
}

function differs(received: Uint8Array, expected: Uint8Array): string | undefined {
  if (sha256(received) === sha256(expected)) return undefined
  const at = received.findIndex((octet, index) => octet !== expected[index])
  const show = (octets: Uint8Array) =>
    JSON.stringify(Buffer.from(octets.slice(Math.max(0, at - 20), at + 20)).toString('latin1'))
  return `octet ${at} of ${received.length} (sent ${expected.length}): ${show(received)}, sent ${show(expected)}`
}
