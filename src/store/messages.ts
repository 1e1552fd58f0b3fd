// Messages in mailboxes: the mutations of RFC 3501 §6.3.11 and §6.4, each one atomic intention, and the reads that views
// are built from. docs/architecture.md, "Five ideas"; docs/adr/0001.

import type { FlagChange, FlagTable } from '../model/flags.js'
import type { AccountId, ContentId, MailboxId, ModSeq, Uid } from '../model/ids.js'
import type { MailboxPath } from '../model/mailbox-path.js'
import type { Cut, ParsedMessage, Part, SummaryFields } from '../model/message.js'
import type { Entries } from './entries.js'

export interface InternalDate {
  /** Milliseconds since 1970, whole seconds. */
  readonly at: number
  /** Minutes east of UTC. */
  readonly zone: number
}

export interface NewMessage {
  readonly parsed: ParsedMessage
  /** Return-Path, Delivered-To and Received of this account's delivery; empty for APPEND. */
  readonly trace: Uint8Array
  readonly flags: readonly string[]
  readonly internalDate: InternalDate
}

export interface Appended {
  readonly uidValidity: number
  readonly uid: Uid
  readonly content: ContentId
  readonly modseq: ModSeq
}

export interface Delivery {
  readonly account: AccountId
  readonly mailbox: MailboxId
  readonly message: NewMessage
  /** What it was sent to, as `resolve` takes it: must be an address of the account still. */
  readonly addressKey?: string
}

export interface Copied {
  readonly uidValidity: number
  /** The source's UIDs in ascending order, and the new ones in the same order (COPYUID, RFC 4315 §3). */
  readonly from: Uint32Array
  readonly to: Uint32Array
  readonly modseq: ModSeq
}

export interface FlagsChanged {
  /** The mailbox's highestModseq before this slice: who had read it up to there has missed nothing. */
  readonly before: ModSeq
  /** The account's modseq after this slice; as before where nothing changed. */
  readonly modseq: ModSeq
  /** Hot columns of the entries of this slice that exist and were not held back, whether or not their flags changed. */
  readonly entries: Entries
  /** How many of them did change. */
  readonly changed: number
  /** UIDs held back because their modseq is above unchangedSince (RFC 7162 §3.1.3). */
  readonly modified: Uint32Array
  /** UIDs asked for that the mailbox does not hold any more. */
  readonly missing: Uint32Array
}

export interface Expunged {
  readonly modseq: ModSeq
  readonly uids: Uint32Array
}

/** A page of entries: all with modseq > since among the UIDs up to `covered`. */
export interface EntryPage {
  readonly entries: Entries
  /** Every UID up to here has been looked at. */
  readonly covered: number
}

export interface EntryQuery {
  /** Only entries with a modseq above it; 0 reads all. */
  readonly since?: ModSeq
  /** The range of UIDs, both ends included. */
  readonly from?: number
  readonly to?: number
  readonly cold?: boolean
}

export interface StoredSource {
  /** Trace lines of this account's delivery; the message's offsets count from their end. */
  readonly trace: Uint8Array
  readonly skeleton: Uint8Array
  readonly cuts: readonly Cut[]
  /** Octets of the source without the trace. */
  readonly size: number
  readonly root: Part
}

/**
 * Mutations throw StoreError and then have changed nothing, but for those in slices: there what was yielded stays.
 * Those which take a mailbox throw `no-such-mailbox` once it is deleted or not selectable.
 */
export interface MessageStore {
  /**
   * Appends in order, all or nothing. Refers to the blobs of the cuts (which must have been written or touched just
   * before) in the same transaction. `quotaLimit`: octets that the account may hold where its own quota is 0. `path`: the
   * name by which the mailbox was found; where it bears another by now, `no-such-mailbox`.
   * Throws `quota-exceeded`, `limit` (keywords).
   */
  append(
    account: AccountId,
    mailbox: MailboxId,
    messages: readonly NewMessage[],
    quotaLimit: number,
    path?: MailboxPath,
  ): Promise<Appended[]>
  /**
   * Appends one message to each of several accounts, all or nothing: a maildrop's answer for all recipients. Throws as
   * `append` does, and `no-such-address`.
   */
  deliver(deliveries: readonly Delivery[], quotaLimit: number): Promise<Appended[]>
  /** All or nothing; UIDs that are not there are left out. Throws `quota-exceeded`, `limit`. */
  copy(
    account: AccountId,
    from: MailboxId,
    uids: Uint32Array,
    to: MailboxId,
    quotaLimit: number,
  ): Promise<Copied>
  /**
   * In slices: a few milliseconds on SQLite, some 10 of the main thread on MongoDB. Keeps flags and dates; the same mailbox is
   * allowed (new UIDs).
   */
  move(account: AccountId, from: MailboxId, uids: Uint32Array, to: MailboxId): AsyncIterable<Copied>
  /** In slices. A modseq moves only where a flag does. Throws `limit` (keywords). */
  changeFlags(
    account: AccountId,
    mailbox: MailboxId,
    uids: Uint32Array,
    change: FlagChange,
    unchangedSince?: ModSeq,
  ): AsyncIterable<FlagsChanged>
  /** In slices: removes those of `uids` that bear \Deleted at that moment (all that bear it where uids is undefined). */
  expunge(account: AccountId, mailbox: MailboxId, uids?: Uint32Array): AsyncIterable<Expunged>

  /** Pages in ascending order of UID, 5 ms each at the most; no lock or snapshot is held between them. */
  entries(account: AccountId, mailbox: MailboxId, query: EntryQuery): AsyncIterable<EntryPage>
  /** UIDs expunged with since < modseq ≤ upTo, each once, ascending. */
  expungedSince(account: AccountId, mailbox: MailboxId, since: ModSeq, upTo: ModSeq): Promise<Uint32Array>
  /** Entries expunged and still kept (RFC 2180 §4.1.1): those of `uids`, some thousands, whose content is still there. */
  expungedEntries(account: AccountId, mailbox: MailboxId, uids: Uint32Array): Promise<Entries>
  /** Names by bit. An unknown bit in an entry means: read the table again. */
  flagTable(account: AccountId): Promise<FlagTable>

  /**
   * In the order of `contents`, in pages that hold little memory; undefined where a content is not there any more. `sizes`:
   * RFC822.SIZE of each.
   */
  summaries(
    account: AccountId,
    contents: Uint32Array,
    sizes: Float64Array,
  ): AsyncIterable<readonly (SummaryFields | undefined)[]>
  /** Only the prepared ENVELOPE or BODYSTRUCTURE, in the order of `contents`, in pages: what bulk FETCH reads. */
  prepared(
    account: AccountId,
    contents: Uint32Array,
    what: 'envelope' | 'structure',
  ): AsyncIterable<readonly (Uint8Array | undefined)[]>
  /**
   * In the order of `contents`, in pages that hold little memory whatever the sources are; at most one is on its way while
   * the caller has not asked for it. `sizes`: RFC822.SIZE of each, which no source exceeds by much.
   */
  sources(
    account: AccountId,
    contents: Uint32Array,
    sizes: Float64Array,
  ): AsyncIterable<readonly (StoredSource | undefined)[]>
  /** The kept text for search; null where it is the source's own. Undefined where the content is not there. */
  text(account: AccountId, content: ContentId): Promise<string | null | undefined>
}
