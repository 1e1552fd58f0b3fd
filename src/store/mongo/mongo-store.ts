// The store on MongoDB: mutations go through the group commit, reads are majority reads that never go back.
// src/store/*.ts say what each method promises; docs/architecture.md, "MongoDB (cluster)".

import type { Store } from '../store.js'
import { accountMethods } from './account-methods.js'
import { MongoDatabase, type MongoOptions } from './database.js'
import { GroupCommit } from './group-commit.js'
import { Instance } from './instance.js'
import { mailboxMethods } from './mailbox-methods.js'
import { maintenanceMethods } from './maintenance-methods.js'
import { Memory } from './memory.js'
import { messageMethods } from './message-methods.js'
import { migrationMethods } from './migration-methods.js'
import { migrate } from './migrations.js'

/** Opens the store, making or migrating what is not there. Throws StoreError. */
export async function openMongoStore(options: MongoOptions): Promise<Store> {
  const database = await MongoDatabase.open(options)
  try {
    await migrate(database)
    return await storeIn(database)
  } catch (error) {
    await database.close()
    throw error
  }
}

async function storeIn(database: MongoDatabase): Promise<Store> {
  const instance = new Instance(database)
  const memory = new Memory()
  const commits = new GroupCommit(database, instance, memory)
  await instance.ping()
  const access = { database, memory, mutate: commits.run.bind(commits) }
  const messages = messageMethods(access)
  return {
    ...accountMethods(access),
    ...mailboxMethods(access, messages),
    ...messages,
    ...maintenanceMethods(access, instance),
    ...migrationMethods(access),
    async close() {
      await commits.close()
      await instance.close()
      await database.close()
    },
  }
}
