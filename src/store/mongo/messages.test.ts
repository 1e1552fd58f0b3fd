// The contract of messages on a real MongoDB.

import { afterAll, beforeAll } from 'vitest'
import { newDatabase, type TestDatabase } from '../../../test/support/mongod.js'
import { describeWith } from '../../../test/support/programs.js'
import { messagesSuite } from '../contract/messages-suite.js'
import type { Store } from '../store.js'
import { openMongoStore } from './mongo-store.js'

describeWith(['mongod'], 'messages on MongoDB', () => {
  let database: TestDatabase
  let store: Store
  beforeAll(async () => {
    database = await newDatabase()
    store = await openMongoStore({ url: database.url })
  })
  afterAll(async () => {
    await store.close()
    await database.drop()
  })
  messagesSuite(() => store)
})
