// A migration that is to be alone with a MongoDB which was away for longer than it keeps servers away.

import { MongoClient } from 'mongodb'
import { expect, test } from 'vitest'
import { newDatabase } from '../../../test/support/mongod.js'
import { describeWith } from '../../../test/support/programs.js'
import { openMongoStore } from './mongo-store.js'

describeWith(['mongod'], 'a migration on MongoDB', () => {
  test('is told where a server may have come and gone since it began', async () => {
    const place = await newDatabase()
    const client = await new MongoClient(place.url).connect()
    const store = await openMongoStore({ url: place.url })
    try {
      const alone = await store.alone()
      await alone.demand()
      await expect(store.serving()).rejects.toMatchObject({ code: 'unavailable' })
      const leases = client.db().collection<{ _id: string }>('store')
      await leases.updateOne({ _id: 'alone' }, { $set: { expires: new Date(0) } })
      await (await store.serving())()
      await expect(alone.demand()).rejects.toMatchObject({ code: 'unavailable' })
      await expect(alone.demand()).rejects.toMatchObject({ code: 'unavailable' })
      await alone.end()
    } finally {
      await store.close()
      await client.close()
      await place.drop()
    }
  })
})
