// What a store gives to be proved: src/store/contract/store-contract.ts runs every suite against it.

import type { Store } from '../store.js'

export interface OpenStore {
  readonly store: Store
  /** Closes the store and opens the same data again, as a restart does. */
  reopen(): Promise<Store>
  /** Closes it and removes its data. */
  dispose(): Promise<void>
}

export interface StoreEngine {
  readonly name: string
  /** A new, empty store. */
  open(): Promise<OpenStore>
}
