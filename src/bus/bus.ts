// The bus carries hints between sessions and, in a cluster, between instances; the store holds the truth. A lost hint
// costs latency, never correctness. docs/architecture.md, "Bus".

import type { AccountId, MailboxId, ModSeq } from '../model/ids.js'

/** "Mailbox M of account A is now at modseq N"; without a mailbox: the account itself (mailboxes, password, removal). */
export interface Hint {
  readonly account: AccountId
  readonly mailbox?: MailboxId
  readonly modseq: ModSeq
}

export type HintListener = (hint: Hint) => void

export interface Bus {
  /** Never throws and never waits: a hint that cannot be sent is lost. */
  publish(hint: Hint): void
  /** Hears the hints of one account, the process's own among them, until the returned function is called. */
  subscribe(account: AccountId, listener: HintListener): () => void
  /** Called when hints may have been lost: whoever listens reads again. */
  onReconnected(listener: () => void): () => void
  /** Whether the other instances are reached now; answers soon, whatever the matter, and never rejects. */
  ping(): Promise<boolean>

  /** Counts one failure against `key`; true while fewer than `limit` stand within `windowSeconds`. */
  countFailure(key: string, limit: number, windowSeconds: number): Promise<boolean>
  /** True while `key` has fewer than `limit` failures standing. Counts nothing. */
  mayTry(key: string, limit: number): Promise<boolean>
  /** One failure stands from now on for so many seconds, whatever stood before. Never rejects. */
  note(key: string, seconds: number): Promise<void>

  /** Takes one of `limit` connections of `key`; undefined when all are taken, else a function that gives it back. */
  takeConnection(key: string, limit: number): Promise<(() => void) | undefined>

  close(): Promise<void>
}
