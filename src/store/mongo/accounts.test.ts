// What only a MongoDB can show of accounts: names that two documents disagree about.

import { expect, test } from 'vitest'
import { newDatabase } from '../../../test/support/mongod.js'
import { describeWith } from '../../../test/support/programs.js'
import { newAccount } from '../contract/samples.js'
import { MongoDatabase } from './database.js'
import { openMongoStore } from './mongo-store.js'
import { accountKey, addressDocumentKey } from './schema.js'

describeWith(['mongod'], 'accounts on MongoDB', () => {
  test('an account that lost an address to another one removes what it has of it, and leaves it to the other', async () => {
    const place = await newDatabase()
    const store = await openMongoStore({ url: place.url })
    const database = await MongoDatabase.open({ url: place.url })
    try {
      const [loser, holder] = [await newAccount(store), await newAccount(store)]
      const addressKey = 'x@example.org'
      await store.addAddress(holder.id, { address: addressKey, addressKey, main: true })
      const addresses = database.collection('address')
      const document = await addresses.findOne({ _id: addressDocumentKey(holder.id, addressKey) })
      if (document === null) throw new Error('the address is not there')
      await addresses.insertOne({ ...document, _id: addressDocumentKey(loser.id, addressKey) })
      await store.removeAddress(loser.id, addressKey)
      expect(await store.addresses(loser.id)).toEqual([])
      const name = await database.collection('name').findOne({ _id: addressKey })
      expect(name).toMatchObject({ address: accountKey(holder.id) })
    } finally {
      await database.close()
      await store.close()
      await place.drop()
    }
  })
})
