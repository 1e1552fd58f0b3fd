// The store contract on a real MongoDB.

import { newDatabase } from '../../../test/support/mongod.js'
import { describeWith } from '../../../test/support/programs.js'
import { storeContract } from '../contract/store-contract.js'
import { openMongoStore } from './mongo-store.js'

describeWith(['mongod'], 'MongoDB', () => {
  storeContract({
    name: 'MongoDB',
    async open() {
      const database = await newDatabase()
      const opened = {
        store: await openMongoStore({ url: database.url }),
        async reopen() {
          await opened.store.close()
          opened.store = await openMongoStore({ url: database.url })
          return opened.store
        },
        async dispose() {
          await opened.store.close()
          await database.drop()
        },
      }
      return opened
    },
  })
})
