// The store on SQLite: mutations are passed to the writer thread, reads run here in pages. src/store/*.ts say what each
// method promises.

import type { Database } from '../../kit/sqlite/database.js'
import type { Store } from '../store.js'
import { accessTo, withStoreErrors } from './access.js'
import { accountMethods } from './account-methods.js'
import { mailboxMethods } from './mailbox-methods.js'
import { maintenanceMethods } from './maintenance-methods.js'
import { messageMethods } from './message-methods.js'
import { migrationMethods } from './migration-methods.js'

/** To be loaded by the writer thread: `openDatabase({ file, modules: [STORE_MODULE, …] })`. */
export const STORE_MODULE = new URL('./mutations.js', import.meta.url).href

/** Of a long mutation, before others have their turn. */
const SLICE_MS = 3

/** The store in an open database; closing it closes the database. */
export function sqliteStore(database: Database, sliceMs = SLICE_MS): Store {
  const access = accessTo(database)
  const messages = messageMethods(access, sliceMs)
  return withStoreErrors({
    ...accountMethods(access),
    ...mailboxMethods(access, messages),
    ...messages,
    ...maintenanceMethods(access),
    ...migrationMethods(access),
    close: () => database.close(),
  })
}
