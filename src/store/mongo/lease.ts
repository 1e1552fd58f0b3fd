// What one instance at a time is to do, by a lease in the store that ends by itself where its owner dies. By the clock of
// MongoDB. docs/architecture.md, "MongoDB (cluster)".

import { randomUUID } from 'node:crypto'
import type { MongoDatabase } from './database.js'
import { within } from './failures.js'
import { storeCollection } from './store-collection.js'

export class Lease {
  readonly #database: MongoDatabase
  readonly #name: string
  readonly #ms: number
  readonly #owner = randomUUID()
  #taken = Number.NEGATIVE_INFINITY

  constructor(database: MongoDatabase, name: string, ms: number) {
    this.#database = database
    this.#name = name
    this.#ms = ms
  }

  /** Takes or keeps it; false where another has it. Throws StoreError. */
  async take(): Promise<boolean> {
    const mine = { $literal: this.#owner }
    const free = {
      $or: [{ $eq: ['$owner', mine] }, { $lt: [{ $ifNull: ['$expires', new Date(0)] }, '$$NOW'] }],
    }
    const expires = { $add: ['$$NOW', this.#ms] }
    const taken = storeCollection(this.#database).findOneAndUpdate(
      { _id: this.#name },
      [
        {
          $set: { owner: { $cond: [free, mine, '$owner'] }, expires: { $cond: [free, expires, '$expires'] } },
        },
      ],
      { upsert: true, returnDocument: 'after' },
    )
    const now = performance.now()
    const lease = await within(this.#database.timeoutMs, `taking the lease "${this.#name}"`, taken)
    if (lease?.owner !== this.#owner) return false
    this.#taken = now
    return true
  }

  /** Takes it again where a third of its time has gone by; false where it was lost. Throws StoreError. */
  async keep(): Promise<boolean> {
    return performance.now() - this.#taken < this.#ms / 3 || (await this.take())
  }

  /** Goes on with it; false, for good, where it has ended once: another may have had it since. Throws StoreError. */
  async renew(): Promise<boolean> {
    const mine = { _id: this.#name, owner: this.#owner, $expr: { $gt: ['$expires', '$$NOW'] } }
    const renewed = storeCollection(this.#database).updateOne(mine, [
      { $set: { expires: { $add: ['$$NOW', this.#ms] } } },
    ])
    const doing = `renewing the lease "${this.#name}"`
    return (await within(this.#database.timeoutMs, doing, renewed)).matchedCount > 0
  }

  /** Lets others have it at once. */
  async release(): Promise<void> {
    await storeCollection(this.#database).deleteOne({ _id: this.#name, owner: this.#owner })
  }
}
