// How the store's methods reach MongoDB: reads of their own, and mutations through the group commit.

import { setImmediate as turn } from 'node:timers/promises'
import type { MongoDatabase } from './database.js'
import type { Memory } from './memory.js'
import type { Mutate } from './unit.js'

export interface Access {
  readonly database: MongoDatabase
  readonly mutate: Mutate
  /** What mutations begin with, as far as this process knows it. */
  readonly memory: Memory
}

/** Lets others run between two pages. */
export const betweenPages = (): Promise<void> => turn()
