// The process that dies in crash.test.ts: runs one intention, and says so once it was told that it is done.

import { writeSync } from 'node:fs'
import { openDatabase } from '../../kit/sqlite/database.js'
import { runIntention } from '../contract/intentions.js'
import { STORE_MODULE, sqliteStore } from './sqlite-store.js'

const [file = '', intention = ''] = process.argv.slice(2)
// In one slice however slow the machine is: between two of them a mutation is partly done, and may be.
const store = sqliteStore(await openDatabase({ file, modules: [STORE_MODULE] }), Number.POSITIVE_INFINITY)
await runIntention(store, intention)
writeSync(1, 'acknowledged\n')
await store.close()
