// A place for mail that keeps it in memory, for tests of the protocol alone. What it holds can be held back or refused.

import { MailError } from '../../src/mail/errors.js'
import type { Accepted, Envelope, MailTarget, MessageSink, Refused, Sender } from '../../src/smtp/envelope.js'
import type { Path } from '../../src/smtp/grammar.js'
import { MAILBOX_FULL, OK, type Reply, UNKNOWN_RECIPIENT } from '../../src/smtp/replies.js'

export interface Received {
  readonly envelope: Envelope
  readonly message: string
}

export class MemoryTarget implements MailTarget {
  readonly received: Received[] = []
  readonly limit: number
  aborted = 0
  /** Deliveries begun. */
  delivering = 0
  /** Thrown by the next write or delivery, where set. */
  writeError: Error | undefined
  deliverError: Error | undefined
  /** What is said of mail that was taken. */
  taken: Reply = OK
  /** What LMTP says to each recipient, where set. */
  reply: Reply | undefined
  /** Deliveries, and writes where set, wait for it. */
  gate: Promise<void> = Promise.resolve()
  writeGate: Promise<void> | undefined
  /** Writes that had to wait. */
  waiting = 0
  readonly #perRecipient: boolean

  constructor({ perRecipient, limit = 1 << 20 }: { perRecipient: boolean; limit?: number }) {
    this.#perRecipient = perRecipient
    this.limit = limit
  }

  async recipient(_sender: Sender, path: Path): Promise<Accepted | Refused> {
    if (path.kind === 'literal' || path.text.startsWith('unknown')) return { refused: UNKNOWN_RECIPIENT }
    if (path.text.startsWith('full')) return { refused: MAILBOX_FULL }
    if (path.text.startsWith('broken')) throw new Error('broken on purpose')
    return { address: path.text }
  }

  open(envelope: Envelope): MessageSink {
    const pieces: Buffer[] = []
    let size = 0
    return {
      write: (octets) => {
        if (this.writeError !== undefined) throw this.writeError
        size += octets.length
        if (size > this.limit) throw new MailError('message-too-large', 'too large')
        pieces.push(octets)
        if (this.writeGate !== undefined) this.waiting += 1
        return this.writeGate
      },
      abort: async () => {
        this.aborted += 1
      },
      deliver: async () => {
        this.delivering += 1
        await this.gate
        if (this.deliverError !== undefined) throw this.deliverError
        this.received.push({ envelope, message: Buffer.concat(pieces).toString('latin1') })
        return this.#perRecipient
          ? envelope.recipients.map((one) => this.reply ?? this.#replyTo(one))
          : [this.taken]
      },
    }
  }

  /** LMTP: who is named so gets full only at the delivery. */
  #replyTo({ address }: Accepted): Reply {
    return address.startsWith('late') ? MAILBOX_FULL : this.taken
  }
}
