// What the use cases work with: the three stores behind their interfaces, and what tests replace. `main.ts` makes one.

import type { BlobStore } from '../blobs/blobs.js'
import type { Bus } from '../bus/bus.js'
import type { Clock } from '../kit/clock.js'
import type { Logger } from '../kit/log.js'
import type { Store } from '../store/store.js'
import type { IndexCache } from './index-cache.js'
import type { Passwords } from './passwords.js'

export interface Limits {
  /** Octets an account may store where it has no quota of its own. */
  readonly quotaDefault: number
  /** Octets of one message. */
  readonly messageMaxSize: number
  /** Messages of one COPY, which is all or nothing. */
  readonly copyMessages: number
  /** Milliseconds that a blob which nothing refers to is kept at least. */
  readonly blobGraceMs: number
  /** Failed logins that may stand within the window: from one address, from one address to one account, to one account. */
  readonly failuresPerAddress: number
  readonly failuresPerPair: number
  readonly failuresPerAccount: number
  readonly failureWindowMs: number
  /** Connections logged in to one account at once. */
  readonly connectionsPerAccount: number
}

export interface Services {
  readonly store: Store
  readonly blobs: BlobStore
  readonly bus: Bus
  readonly passwords: Passwords
  readonly clock: Clock
  readonly log: Logger
  readonly limits: Limits
  readonly indexCache: IndexCache
}
