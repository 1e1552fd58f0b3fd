// What keeps a store in order: checking everything, mending, collecting what nobody names any more, migrations.

import type { StoreError } from './errors.js'

export interface Finding {
  /** What kind of invariant is broken, such as `counters`, `quota`, `index`, `references`, `content`. */
  readonly kind: string
  /** The place, in words an administrator can use: account, mailbox, UID, hash. */
  readonly where: string
  readonly problem: string
  /** What `--repair` did, where it did something. */
  readonly repaired?: string
}

export interface CollectOptions {
  /** Milliseconds: tombstones older than `tombstoneAge` go, and content that only they name after `contentAge`. */
  readonly tombstoneAge: number
  readonly contentAge: number
  /** Octets of such content kept for one account at the most: the oldest goes first. Undefined: as much as there is. */
  readonly contentLimit?: number
}

/** How much one round of the collector dropped. */
export interface Dropped {
  contents: number
  tombstones: number
  mailboxes: number
  accounts: number
}

/** An account that a round passed over: what of its index cannot be read (`corrupt`). `check` says more. */
export interface PassedOver {
  readonly account: number
  readonly error: StoreError
}

export interface Collected extends Readonly<Dropped> {
  readonly passedOver: readonly PassedOver[]
}

export interface MaintenanceStore {
  /** Counters, quota, index order, modseqs, references, content that no entry names. Reads in pages. */
  check(options: { repair: boolean }): AsyncIterable<Finding>
  /**
   * One round: removed accounts, deleted mailboxes, old tombstones, contents and references nobody names. In slices. A store
   * that is open has one under way at the most.
   */
  collect(options: CollectOptions): Promise<Collected>
  /** Those of `hashes` which some account refers to. */
  referencedBlobs(hashes: readonly string[]): Promise<ReadonlySet<string>>
  /** Every hash that some account refers to, each once, in pages: `eider check` looks for each in the blob store. */
  allReferencedBlobs(): AsyncIterable<readonly string[]>
  /** Cheap: throws `unavailable` or `disk-full` where the store could not take a write now. */
  ping(): Promise<void>
}
