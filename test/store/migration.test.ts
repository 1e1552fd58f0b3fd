// The contract of migrations on every pair of engines.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openDatabase } from '../../src/kit/sqlite/database.js'
import type { StoreEngine } from '../../src/store/contract/engine.js'
import { migrationContract } from '../../src/store/contract/migration-suite.js'
import { openMongoStore } from '../../src/store/mongo/mongo-store.js'
import { STORE_MODULE, sqliteStore } from '../../src/store/sqlite/sqlite-store.js'
import type { Store } from '../../src/store/store.js'
import { newDatabase } from '../support/mongod.js'
import { describeWith } from '../support/programs.js'

const reopenable = async (start: () => Promise<Store>, remove: () => unknown) => {
  const opened = {
    store: await start(),
    async reopen() {
      await opened.store.close()
      opened.store = await start()
      return opened.store
    },
    async dispose() {
      await opened.store.close()
      await remove()
    },
  }
  return opened
}

const sqlite: StoreEngine = {
  name: 'SQLite',
  async open() {
    const folder = mkdtempSync(join(tmpdir(), 'eider-store-'))
    const file = join(folder, 'eider.db')
    const start = async () => sqliteStore(await openDatabase({ file, modules: [STORE_MODULE] }))
    return reopenable(start, () => rmSync(folder, { recursive: true }))
  },
}

const mongo: StoreEngine = {
  name: 'MongoDB',
  async open() {
    const database = await newDatabase()
    return reopenable(
      () => openMongoStore({ url: database.url }),
      () => database.drop(),
    )
  },
}

migrationContract(sqlite, sqlite)

describeWith(['mongod'], 'migrations on MongoDB', () => {
  migrationContract(sqlite, mongo)
  migrationContract(mongo, sqlite)
  migrationContract(mongo, mongo)
})
