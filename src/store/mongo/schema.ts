// What the cluster store keeps: its documents, their keys and their indexes. docs/architecture.md, "MongoDB (cluster)";
// docs/adr/0009.
//
// Everything of an account has an `_id` that begins with the account's number (10 hex digits): one index serves
// uniqueness, ranges in order and the shard key `{ _id: 1 }`, and zones are ranges of account numbers. Account, mailbox,
// \Recent and index stand in one collection, so that a mutation reads, and writes, them by one command. What is looked up before
// an account is known (names, tokens) is keyed by that. Times are milliseconds since 1970 unless they are Dates.
// `codec` and `key_id` say how octets are packed: 0 and null, as they are.

import type { AccountRow, MailboxState } from '../rows.js'

export interface AccountDocument extends AccountRow {
  readonly _id: string
  /**
   * Moved by every transaction that changes anything of the account, also where its modseq stays: what was read at
   * this version is true as long as it stands. Only the group commit moves it.
   */
  readonly version: number
  /** By bit; replaced, never changed in place. */
  keywords: readonly { readonly bit: number; readonly name: string }[]
  collected_until: number
}

export interface MailboxDocument extends MailboxState {
  readonly _id: string
}

/** \Recent (RFC 3501 §2.3.2), apart: claiming it must not conflict with deliveries. Absent: 1. */
export interface RecentDocument {
  readonly _id: string
  recent_uid: number
}

/** 128 UIDs of a mailbox (src/store/index-codec.ts). */
export interface ChunkDocument {
  readonly _id: string
  readonly account: number
  readonly mailbox: number
  readonly chunk: number
  max_modseq: number
  hot: Uint8Array
  cold: Uint8Array
}

/** What one slice expunged from one chunk. */
export interface TombstoneDocument {
  readonly _id: string
  readonly account: number
  readonly mailbox: number
  readonly chunk: number
  readonly modseq: number
  readonly expunged_at: number
  readonly hot: Uint8Array
  readonly cold: Uint8Array
}

/** What lists and searches read of a content, apart from its source. */
export interface ContentDocument {
  readonly _id: string
  readonly envelope: Uint8Array
  readonly structure: Uint8Array
  readonly subject: string
  readonly base_subject: string
  readonly sent_date: number | null
  readonly sent_zone: number
  readonly has_attachments: boolean
  readonly sender: string
  readonly recipients: string
  readonly cc: string
  readonly bcc: string
  readonly message_id: string
  readonly in_reply_to: string
  readonly reference_ids: readonly string[]
  readonly thread_id: string
  readonly intro: string
}

/** In the collection of contents, so that one command writes both. `cuts` and `root` are JSON. */
export interface SourceDocument {
  readonly _id: string
  readonly codec: number
  readonly key_id: string | null
  readonly size: number
  readonly trace: Uint8Array
  readonly cuts: string
  readonly root: string
  readonly skeleton: Uint8Array
  readonly text: string | null
}

/** That a content of an account uses a blob. */
export interface ReferenceDocument {
  readonly _id: string
  readonly account: number
  readonly hash: Uint8Array
}

/** Who has a name: one document for user name and address, so that two who want it conflict. Keys of accounts. */
export interface NameDocument {
  readonly _id: string
  user: string | null
  address: string | null
}

export interface AddressDocument {
  readonly _id: string
  readonly id: string
  readonly address: string
  readonly address_key: string
  main: boolean
  readonly created: number
  /** The modseq at which it came: the order among those of one millisecond. */
  readonly modseq: number
}

export interface CredentialDocument {
  readonly _id: string
  readonly kind: 'password'
  hash: string
  readonly scope: string | null
  version: number
}

export interface SubscriptionDocument {
  readonly _id: string
  readonly path: string
}

/** By the secret's hash. */
export interface TokenDocument {
  readonly _id: string
  readonly id: string
  readonly label: string
  readonly created: number
}

export interface OutboxDocument {
  readonly _id: string
  readonly account: number
  readonly kind: string
  readonly payload: string
  due: number
  attempts: number
  readonly created: number
}

/** The documents that mutations load and change, by kind. */
export interface Kinds {
  account: AccountDocument
  mailbox: MailboxDocument
  recent: RecentDocument
  chunk: ChunkDocument
  tombstone: TombstoneDocument
  content: ContentDocument
  source: SourceDocument
  reference: ReferenceDocument
  name: NameDocument
  address: AddressDocument
  credential: CredentialDocument
  subscription: SubscriptionDocument
  token: TokenDocument
  outbox: OutboxDocument
}

export type Kind = keyof Kinds

/** Where each kind lives; a transaction writes them in this order, accounts first. */
export const COLLECTIONS = {
  account: 'accounts',
  mailbox: 'accounts',
  recent: 'accounts',
  chunk: 'accounts',
  tombstone: 'tombstones',
  content: 'contents',
  source: 'contents',
  reference: 'references',
  name: 'names',
  address: 'addresses',
  credential: 'credentials',
  subscription: 'subscriptions',
  token: 'tokens',
  outbox: 'outbox',
} as const satisfies Record<Kind, string>

export type CollectionName = (typeof COLLECTIONS)[Kind]

/** Keyed by what they are looked up by, not by their account. */
export const NOBODYS: readonly CollectionName[] = [COLLECTIONS.name, COLLECTIONS.token]

const hex = (value: number, digits: number): string => value.toString(16).padStart(digits, '0')

export const accountKey = (account: number): string => hex(account, 10)
export const accountOfKey = (key: string): number => Number.parseInt(key.slice(0, 10), 16)
export const mailboxKey = (account: number, mailbox: number): string => hex(account, 10) + hex(mailbox, 6)
/** Behind a mailbox's key: the key of what is recent in it. */
export const RECENT = 'r'
export const recentKey = (account: number, mailbox: number): string => mailboxKey(account, mailbox) + RECENT
/** Behind the account, its mailboxes and what is recent in them: whose keys go on with a hex digit. */
const CHUNKS = 'k'
export const chunkKey = (account: number, mailbox: number, chunk: number): string =>
  accountKey(account) + CHUNKS + hex(mailbox, 6) + hex(chunk, 7)
/** In the order of modseqs: what was expunged since is a range. A slice buries once in a chunk. */
export const tombstoneKey = (account: number, mailbox: number, modseq: number, chunk: number): string =>
  mailboxKey(account, mailbox) + hex(modseq, 12) + hex(chunk, 7)
export const contentKey = (account: number, content: number): string => hex(account, 10) + hex(content, 8)
/** Of a content's key, or of one that begins with it. */
export const contentOfKey = (key: string): number => Number.parseInt(key.slice(10, 18), 16)
/** Behind all contents of the account. */
const SOURCES = 's'
export const sourceKey = (account: number, content: number): string =>
  accountKey(account) + SOURCES + hex(content, 8)
export const contentOfSourceKey = (key: string): number => Number.parseInt(key.slice(11), 16)
export const referenceKey = (account: number, content: number, hash: Uint8Array): string =>
  contentKey(account, content) + Buffer.from(hash).toString('hex')
export const addressDocumentKey = (account: number, addressKey: string): string =>
  accountKey(account) + addressKey
export const credentialKey = (account: number, kind: 'password'): string => accountKey(account) + kind
export const subscriptionKey = (account: number, path: string): string => accountKey(account) + path

/** The first possible key behind `key`: keys have no NUL. */
export const keyBehind = (key: string): string => `${key}\0`

/** The range [from, to) of all keys that begin with `key` (which ends in a hex digit, or a letter). */
export const keysBelow = (key: string): { readonly from: string; readonly to: string } => ({
  from: key,
  to: key.slice(0, -1) + String.fromCharCode(key.charCodeAt(key.length - 1) + 1),
})

/** The range of an account itself, its mailboxes and what is recent in them, without the index of what is in them. */
export const narrowKeys = (account: number): { readonly from: string; readonly to: string } => ({
  from: accountKey(account),
  to: accountKey(account) + CHUNKS,
})

/** The range of the chunks of a mailbox, or of all of an account. */
export const chunkKeys = (
  account: number,
  mailbox?: number,
): { readonly from: string; readonly to: string } =>
  keysBelow(accountKey(account) + CHUNKS + (mailbox === undefined ? '' : hex(mailbox, 6)))

/** The range of the sources of an account; its contents stand before it. */
export const sourceKeys = (account: number): { readonly from: string; readonly to: string } =>
  keysBelow(accountKey(account) + SOURCES)
