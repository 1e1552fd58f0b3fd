// A few messages with an attachment each, the same for everybody: what several processes deliver and expunge at once.

import { createHash } from 'node:crypto'
import { randomNumbers } from '../support/random.js'

export interface AttachmentMessage {
  readonly octets: Buffer
  readonly hash: string
}

/** Milliseconds: the collector's grace, and what a mutation may take at the most; it begins within a quarter of the grace. */
export const GRACE_MS = 1_000
export const TIMEOUT_MS = 1_500

export const hashOf = (octets: Uint8Array): string => createHash('sha256').update(octets).digest('hex')

function messageWith(number: number, octets: number): AttachmentMessage {
  const random = randomNumbers(number + 1)
  const body = Buffer.from(Uint8Array.from({ length: octets }, () => random(256)))
  const encoded = body.toString('base64').replace(/.{76}/g, '$&\r\n')
  const message = Buffer.from(
    `Subject: attachment ${number}\r\nContent-Type: application/octet-stream\r\nContent-Transfer-Encoding: base64\r\n\r\n${encoded}\r\n`,
  )
  return { octets: message, hash: hashOf(message) }
}

const ATTACHMENTS: readonly AttachmentMessage[] = [50_000, 70_000, 60_000, 120_000, 80_000, 200_000].map(
  (octets, number) => messageWith(number, octets),
)

/** Each is left alone for some graces: it may be dying, or gone, when everybody wants it again. */
const TURN_MS = 1_000

/** One that is in use now, by everybody's clock. */
export const attachmentNow = (): AttachmentMessage =>
  ATTACHMENTS[Math.floor(Date.now() / TURN_MS) % ATTACHMENTS.length] as AttachmentMessage
