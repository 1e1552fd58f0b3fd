// What the store keeps of itself: the schema's version, leases and the counter of accounts, by name.

import type { Collection } from 'mongodb'
import type { MongoDatabase } from './database.js'

export interface StoreDocument {
  readonly _id: string
  readonly value?: number
  readonly owner?: string
  readonly expires?: Date
}

export const storeCollection = (database: MongoDatabase): Collection<StoreDocument> =>
  database.db.collection<StoreDocument>('store')
