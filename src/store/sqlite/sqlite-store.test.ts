// The store contract on SQLite.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openDatabase } from '../../kit/sqlite/database.js'
import { storeContract } from '../contract/store-contract.js'
import type { Store } from '../store.js'
import { STORE_MODULE, sqliteStore } from './sqlite-store.js'

storeContract({
  name: 'SQLite',
  async open() {
    const folder = mkdtempSync(join(tmpdir(), 'eider-store-'))
    const start = async (): Promise<Store> =>
      sqliteStore(await openDatabase({ file: join(folder, 'eider.db'), modules: [STORE_MODULE] }))
    const opened = {
      store: await start(),
      async reopen() {
        await opened.store.close()
        opened.store = await start()
        return opened.store
      },
      async dispose() {
        await opened.store.close()
        rmSync(folder, { recursive: true })
      },
    }
    return opened
  },
})
