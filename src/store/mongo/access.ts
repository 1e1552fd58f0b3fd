// How the store's methods reach MongoDB: reads of their own, and mutations through the group commit.

import { setImmediate as turn } from 'node:timers/promises'
import type { MongoDatabase } from './database.js'
import type { Remembered } from './memory.js'
import type { AccountDocument } from './schema.js'
import type { Mutate } from './unit.js'

export interface Access {
  readonly database: MongoDatabase
  readonly mutate: Mutate
  /** Tells the group commit what was just read of an account, before which nothing else of it was. */
  readonly prime: (account: AccountDocument, others: readonly Remembered[]) => void
}

/** Lets others run between two pages. */
export const betweenPages = (): Promise<void> => turn()
