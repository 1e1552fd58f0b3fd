// What the store keeps of itself: the schema's version, leases, the counter of accounts, migrations, by name.

import type { Collection } from 'mongodb'
import type { MongoDatabase } from './database.js'

export interface StoreDocument {
  readonly _id: string
  readonly value?: number
  readonly owner?: string
  readonly expires?: Date
  /** Of a server's lease: which process has it. */
  readonly host?: string
  readonly pid?: number
  /** Of an arrival: the store that it comes from. */
  readonly from?: string
}

export const storeCollection = (database: MongoDatabase): Collection<StoreDocument> =>
  database.db.collection<StoreDocument>('store')
