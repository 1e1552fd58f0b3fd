// A store carried over into another one, of the same or another engine, with every number as it was: ids, UIDs, modseqs,
// dates and octets. Records are neutral: rows that both engines name alike, packed values whose octets they share, and
// the model's own types. Blobs are carried over apart, before the contents that name them (src/mail/migrate.ts).

import { isDeepStrictEqual } from 'node:util'
import type { AccountId } from '../model/ids.js'
import type { Summary } from '../model/message.js'
import type { Credential, StoredAddress, Token } from './accounts.js'
import type { ChunkValues } from './chunk-values.js'
import { StoreError } from './errors.js'
import type { Keyword } from './keywords.js'
import type { AccountRow, MailboxRow } from './rows.js'
import type { SourceColumns } from './stored-source.js'

/** An account but for its mail. Two are equal where nothing has changed between them. */
export interface DumpedAccount {
  readonly account: AccountRow
  /** Up to where the collector has looked at what was expunged. */
  readonly collectedUntil: number
  readonly credentials: readonly (Credential & { readonly scope: string | null })[]
  /** In the order in which they came. */
  readonly addresses: readonly StoredAddress[]
  /** In the order of their bits. */
  readonly keywords: readonly Keyword[]
  /** In the order of their octets. */
  readonly subscriptions: readonly string[]
  /** In the order of their numbers, those included that are deleted but not collected. */
  readonly mailboxes: readonly MailboxRow[]
}

export interface DumpedContent {
  readonly content: number
  readonly summary: Summary
  readonly source: SourceColumns
  readonly text: string | null
}

interface Place {
  readonly mailbox: number
  readonly chunk: number
}

export interface DumpedChunk extends ChunkValues, Place {
  readonly maxModseq: number
}

export interface DumpedTombstone extends ChunkValues, Place {
  readonly modseq: number
  readonly expungedAt: number
}

export interface DumpedIndex {
  readonly chunks: readonly DumpedChunk[]
  readonly tombstones: readonly DumpedTombstone[]
}

/** What belongs to no account. */
export interface DumpedStore {
  /** The highest number that was ever given to an account. */
  readonly lastAccount: number
  readonly tokens: readonly Token[]
}

/** Contents of one page, whatever their size, and octets past which it takes no more. */
export const PAGE_CONTENTS = 256
export const PAGE_OCTETS = 2 ** 21

/** While anything is dumped or restored nobody else uses the store: see `alone`. */
export interface MigrationStore {
  dumpStore(): Promise<DumpedStore>
  /** Throws `no-such-account` where it is being removed. */
  dumpAccount(account: AccountId): Promise<DumpedAccount>
  /** In the order of their numbers, from the one after `after`, in bounded pages. Throws `corrupt`. */
  dumpContents(account: AccountId, after: number): AsyncIterable<readonly DumpedContent[]>
  /** In bounded pages. Throws `corrupt`. */
  dumpIndex(account: AccountId): AsyncIterable<DumpedIndex>

  /** Where a migration into this store comes from that has begun and not been finished. */
  arrival(): Promise<string | undefined>
  beginArrival(from: string): Promise<void>
  /**
   * Drops what an earlier run has brought of an account, unless it is `dumped`, whole or begun; undefined: the source has the
   * account no more. To be called for all that are there before any is restored: a name may have gone from one to another.
   */
  dropStale(account: AccountId, dumped: DumpedAccount | undefined): Promise<void>
  /**
   * Begins an account, whose state is `arriving` until `finishAccount`: it has no name until then. Where it has been
   * begun before it goes on: returns the content to go on after. Undefined: it is done already. Throws `limit` (numbers).
   */
  restoreAccount(dumped: DumpedAccount): Promise<number | undefined>
  /** Durable once it resolves, with their references to blobs; pages must come in order. */
  restoreContents(account: AccountId, contents: readonly DumpedContent[]): Promise<void>
  restoreIndex(account: AccountId, index: DumpedIndex): Promise<void>
  /** One transaction: from here on the account has its names and is served. */
  finishAccount(dumped: DumpedAccount): Promise<void>
  finishArrival(dumped: DumpedStore): Promise<void>

  /**
   * Says that this process serves the store, until what is returned is called. Throws `unavailable` while it is being
   * migrated, or a migration into it has not been finished.
   */
  serving(): Promise<() => Promise<void>>
  /** Keeps servers away. Throws `unavailable` where one serves the store. */
  alone(): Promise<Alone>
}

export interface Alone {
  /** Throws `unavailable` where a server may have come all the same: MongoDB was away for too long. */
  demand(): Promise<void>
  end(): Promise<void>
}

/** As an account stands in the store while it arrives: without what it is found by. */
const arrivingOf = (dumped: DumpedAccount): DumpedAccount => ({
  ...dumped,
  account: { ...dumped.account, username_key: null, state: 'arriving' },
  credentials: [],
  addresses: [],
})

/** How far an account has come. Undefined: what is there of it, if anything, is not `dumped`. */
export function arrivedOf(
  there: DumpedAccount | undefined,
  dumped: DumpedAccount | undefined,
): 'whole' | 'begun' | undefined {
  if (there === undefined || dumped === undefined) return undefined
  if (isDeepStrictEqual(there, dumped)) return 'whole'
  return isDeepStrictEqual(there, arrivingOf(dumped)) ? 'begun' : undefined
}

export const halfArrived = (from: string): StoreError =>
  new StoreError(
    'unavailable',
    `a migration into this store, from ${from}, has not been finished: give the same \`eider migrate\` again`,
  )

/** Which messages it had is lost: no repair brings them back. */
export const halfChunk = (account: number, { mailbox, chunk }: Place): StoreError =>
  new StoreError(
    'corrupt',
    `account ${account}: chunk ${chunk} of mailbox ${mailbox} has only one half: restore the source from a backup`,
  )

export const incomplete = (account: number, what: string): StoreError =>
  new StoreError('corrupt', `account ${account}: ${what}: run \`eider check --repair\` on the source first`)
