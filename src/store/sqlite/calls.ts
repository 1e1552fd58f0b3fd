// What passes to the writer thread and back: one entry a mutation, arguments and result, both to be cloned.

import type { SpecialUse } from '../../model/mailbox-path.js'
import type { NewAccount, StoredAddress, Token } from '../accounts.js'
import type { Finding } from '../maintenance.js'
import type { DumpedAccount, DumpedIndex, DumpedStore } from '../migration.js'
import type { NewEntry } from '../new-entries.js'
import type { AccountRow, MailboxRow } from '../rows.js'

/**
 * What is kept of a message apart from its place and its trace lines, as columns of the tables that are named, after the id: lists
 * cost less to pass on than names. What is nested is JSON, octets own their buffer. One object for all who get the same message:
 * it is cloned once with them.
 */
export interface PackedContent {
  readonly source: readonly [size: number, cuts: string, root: string, skeleton: Uint8Array]
  /** Text where it is ASCII, as nearly all are: cheaper to pass on than octets. */
  readonly prepared: readonly [envelope: string | Uint8Array, structure: string | Uint8Array]
  readonly summary: readonly (string | number | null)[]
  readonly text: string | null
  /** SHA-256, 32 octets each, one behind the other. */
  readonly blobs: Uint8Array
}

export interface PackedMessage extends NewEntry {
  readonly content: PackedContent
  readonly trace: Uint8Array
}

export interface AppendArgs {
  readonly deliveries: readonly {
    readonly account: number
    readonly mailbox: number
    readonly message: PackedMessage
    /** Must be the mailbox's name, and an address of the account's, still. */
    readonly path?: string | undefined
    readonly addressKey?: string | undefined
  }[]
  readonly quotaLimit: number
}

export interface AppendResult {
  readonly uidValidity: number
  readonly uid: number
  readonly content: number
  readonly modseq: number
}

interface CopyArgs {
  readonly account: number
  readonly from: number
  readonly uids: Uint32Array
  readonly to: number
  readonly quotaLimit: number
}

interface MoveArgs {
  readonly account: number
  readonly from: number
  readonly uids: Uint32Array
  readonly to: number
  readonly sliceMs: number
}

export interface CopyResult {
  readonly uidValidity: number
  readonly from: Uint32Array
  readonly to: Uint32Array
  readonly modseq: number
}

/** How much of the UIDs a slice has dealt with. */
interface Sliced {
  readonly done: number
}

export interface FlagsArgs {
  readonly account: number
  readonly mailbox: number
  readonly uids: Uint32Array
  readonly mode: 'add' | 'remove' | 'replace'
  readonly flags: readonly string[]
  readonly unchangedSince: number | undefined
  readonly sliceMs: number
}

export interface FlagsResult extends Sliced {
  readonly before: number
  readonly modseq: number
  readonly uids: Uint32Array
  readonly modseqs: Float64Array
  readonly flags: Uint32Array
  readonly changed: number
  readonly modified: Uint32Array
  readonly missing: Uint32Array
}

export interface ExpungeArgs {
  readonly account: number
  readonly mailbox: number
  /** Undefined: all that bear \Deleted, from chunk `fromChunk` on. */
  readonly uids: Uint32Array | undefined
  readonly fromChunk: number
  readonly sliceMs: number
}

interface ExpungeResult extends Sliced {
  readonly modseq: number
  readonly uids: Uint32Array
  /** Where to go on when all that bear \Deleted are asked for; undefined at the end. */
  readonly nextChunk: number | undefined
}

interface OnAccount {
  readonly account: number
}

/** Arguments and results by the mutation's name. */
export interface Calls {
  append: [AppendArgs, AppendResult[]]
  copy: [CopyArgs, CopyResult]
  move: [MoveArgs, CopyResult & Sliced]
  changeFlags: [FlagsArgs, FlagsResult]
  expunge: [ExpungeArgs, ExpungeResult]

  createMailbox: [
    OnAccount & { path: string; specialUse: SpecialUse | null },
    { mailbox: MailboxRow; modseq: number },
  ]
  renameMailbox: [OnAccount & { from: string; to: string }, { modseq: number }]
  deleteMailbox: [OnAccount & { path: string }, { mailbox: number; modseq: number }]
  subscribe: [OnAccount & { path: string }, undefined]
  unsubscribe: [OnAccount & { path: string }, undefined]
  claimRecent: [OnAccount & { mailbox: number; uidNext: number }, number]

  createAccount: [NewAccount, AccountRow]
  setPassword: [OnAccount & { hash: string }, { version: number; modseq: number }]
  setQuota: [OnAccount & { quota: number }, { previous: number; modseq: number }]
  recountStorage: [OnAccount, { previous: number; storageUsed: number }]
  removeAccount: [OnAccount, undefined]
  addAddress: [OnAccount & { address: string; addressKey: string; main: boolean }, StoredAddress]
  removeAddress: [OnAccount & { addressKey: string }, undefined]
  createToken: [{ label: string; hash: string }, Token]
  revokeToken: [{ id: string }, undefined]

  ping: [undefined, undefined]
  checkAccount: [OnAccount & { repair: boolean }, Finding[]]
  checkMailbox: [OnAccount & { mailbox: number; repair: boolean }, Finding[]]
  addReference: [OnAccount & { content: number; hash: Uint8Array }, undefined]
  /** Of a content that is not there; whether it is so. */
  dropReference: [OnAccount & { content: number; hash: Uint8Array }, boolean]
  /** Of `contents`, those go that no index or tombstone changed after `since` names. */
  purgeContents: [OnAccount & { contents: readonly number[]; since: number }, number]
  contentsCollected: [OnAccount & { until: number }, undefined]
  /** Those older than `before` (milliseconds since 1970), of modseqs up to `upTo`. */
  purgeTombstones: [OnAccount & { before: number; upTo: number }, Purged]
  dropMailbox: [OnAccount & { mailbox: number }, Purged]
  dropAccount: [OnAccount, Purged]

  beginArrival: [{ from: string }, undefined]
  restoreAccount: [DumpedAccount, undefined]
  restoreContents: [
    OnAccount & { contents: { content: number; trace: Uint8Array; packed: PackedContent }[] },
    undefined,
  ]
  restoreIndex: [OnAccount & DumpedIndex, undefined]
  finishAccount: [DumpedAccount, undefined]
  dropArrived: [OnAccount & { what: 'all' | 'index' }, undefined]
  finishArrival: [DumpedStore, undefined]
}

export interface Purged {
  readonly purged: number
  readonly more: boolean
}

export type Args<Name extends keyof Calls> = Calls[Name][0]
export type Result<Name extends keyof Calls> = Calls[Name][1]
export type MutationOf<Name extends keyof Calls> = (args: Args<Name>) => Result<Name>
