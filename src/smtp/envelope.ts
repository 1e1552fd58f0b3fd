// One mail transaction (RFC 5321 §3.3), and what a session hands it to: the maildrop today, submission later.

import type { Path } from './grammar.js'
import type { Reply } from './replies.js'

/** What MAIL said. */
export interface Sender {
  /** Empty for the null reverse-path. */
  readonly reversePath: string
  /** SIZE= in octets (RFC 1870); undefined where it was not declared. */
  readonly declaredSize: number | undefined
  readonly utf8: boolean
}

export interface Refused {
  readonly refused: Reply
}

/** Who the client is and how it came. */
export interface Client {
  /** What it called itself: a domain or an address literal. */
  readonly helo: string
  /** By EHLO or LHLO, not HELO. */
  readonly extended: boolean
  readonly secure: boolean
  readonly remoteAddress: string
}

/** A message coming in, in pieces. */
export interface MessageSink {
  /** A promise where the writer must wait. Throws, or rejects, where the message cannot be taken: then `abort`. */
  write(octets: Buffer): void | Promise<void>
  /**
   * The mail data is complete. Resolves when what was accepted is durable, with one reply for each recipient (LMTP,
   * RFC 2033 §4.2) or one for all.
   */
  deliver(): Promise<readonly Reply[]>
  abort(): Promise<void>
}

/** A recipient that was accepted at RCPT. */
export interface Accepted {
  /** As it was given. */
  readonly address: string
}

export interface Envelope<Recipient extends Accepted = Accepted> {
  readonly client: Client
  readonly sender: Sender
  readonly recipients: readonly Recipient[]
  /** An atom, unique: in Received, in the log. */
  readonly id: string
}

/** What a session does with mail. */
export interface MailTarget<Recipient extends Accepted = Accepted> {
  /** A recipient to put on the envelope, or the reply that refuses it. */
  recipient(sender: Sender, path: Path): Promise<Recipient | Refused>
  open(envelope: Envelope<Recipient>): MessageSink
}
