// Mailboxes and subscriptions, as every store keeps them. RFC 3501 §6.3.3 - §6.3.9, RFC 6154, RFC 8474 §4.

import type { FlagTable } from '../model/flags.js'
import type { AccountId, MailboxId, ModSeq } from '../model/ids.js'
import type { MailboxPath, SpecialUse } from '../model/mailbox-path.js'
import type { Account, LookUp } from './accounts.js'

export interface Mailbox {
  readonly account: AccountId
  readonly id: MailboxId
  readonly path: MailboxPath
  /** 1 … 2^32 - 1, from a counter of the account: never reused (RFC 3501 §2.3.1.1). */
  readonly uidValidity: number
  /** 1 … 2^32: one above the last possible UID when the mailbox can take no more. */
  readonly uidNext: number
  /** Moved only by the mailbox's own mutations. */
  readonly highestModseq: ModSeq
  /** What was expunged at or below it is forgotten: whoever stands below starts over. */
  readonly purgedModseq: ModSeq
  /** The first UID that no read-write session has been told of (\Recent, RFC 3501 §2.3.2). */
  readonly recentUid: number
  readonly specialUse?: SpecialUse
  /** False for a name that only has inferiors (\Noselect, RFC 3501 §6.3.4). */
  readonly selectable: boolean
  readonly messages: number
  readonly unseen: number
  readonly deleted: number
  /** Sum of RFC822.SIZE. */
  readonly octets: number
  /** Id of the mailbox's history: changed when it was RENAMEd away from INBOX. Milliseconds since 1970. */
  readonly created: number
}

export interface OpenedMailbox {
  readonly mailbox: Mailbox
  readonly flags: FlagTable
}

export interface AppendTarget {
  readonly account: Account
  readonly mailbox: MailboxId
  readonly selectable: boolean
}

/** Every mutating method moves the account's modseq and returns it. All throw `no-such-account`. */
export interface MailboxStore {
  /** In the order of their paths. */
  mailboxes(account: AccountId): Promise<Mailbox[]>
  mailbox(account: AccountId, id: MailboxId): Promise<Mailbox | undefined>
  mailboxByPath(account: AccountId, path: MailboxPath): Promise<Mailbox | undefined>
  /** A mailbox and all keywords of its account: what SELECT begins with, read at once. */
  openMailbox(account: AccountId, path: MailboxPath): Promise<OpenedMailbox | undefined>
  /** A mailbox and the account that it is in: what an APPEND looks at before it takes the message, read at once. */
  appendTarget(account: AccountId, path: MailboxPath, options?: LookUp): Promise<AppendTarget | undefined>
  /**
   * Creates the mailbox and the levels above it that are not there. A \Noselect name becomes selectable again, with a
   * new uidValidity. Throws `mailbox-exists`, `limit`.
   */
  createMailbox(
    account: AccountId,
    path: MailboxPath,
    specialUse?: SpecialUse,
  ): Promise<{ mailbox: Mailbox; modseq: ModSeq }>
  /**
   * Renames the mailbox and its inferiors, creating the levels above the new name; one transaction. From INBOX: makes
   * the new mailbox and moves the messages there in slices, INBOX and its inferiors stay (RFC 3501 §6.3.5). Special
   * uses go with the mailbox. Throws `no-such-mailbox`, `mailbox-exists`, `mailbox-protected`, `limit` (a path grown too long).
   */
  renameMailbox(account: AccountId, from: MailboxPath, to: MailboxPath): Promise<{ modseq: ModSeq }>
  /**
   * With inferiors: becomes \Noselect, its messages go (RFC 3501 §6.3.4). Without: the row is marked and the
   * collector drops the rest. Throws `no-such-mailbox`, `mailbox-has-children` (\Noselect with inferiors), `mailbox-protected`.
   */
  deleteMailbox(account: AccountId, path: MailboxPath): Promise<{ mailbox: MailboxId; modseq: ModSeq }>
  /** Subscriptions are names, whether or not the mailbox exists (RFC 3501 §6.3.6). Throws `limit`. */
  subscribe(account: AccountId, path: MailboxPath): Promise<void>
  unsubscribe(account: AccountId, path: MailboxPath): Promise<void>
  /** In the order of their octets. */
  subscriptions(account: AccountId): Promise<MailboxPath[]>
  /**
   * Moves recentUid to `uidNext` where it is lower, by compare-and-set; returns the value before, so that [before, uidNext)
   * are recent for this session and for no other. `uidNext` was read of the mailbox. Takes no part in the modseq, and writes
   * nothing where nothing is new.
   */
  claimRecent(account: AccountId, mailbox: MailboxId, uidNext: number): Promise<number>
}
