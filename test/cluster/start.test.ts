// Many instances that start at the same moment, on an empty database and on one whose schema is a step behind: all come up
// and serve. Twenty by `npm run test:cluster`; six otherwise, for each takes seconds of a processor.

import { MongoClient } from 'mongodb'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { startServer, type TestServer } from '../server.js'
import { newPlace, type Place } from '../support/engine.js'
import { describeWith } from '../support/programs.js'
import { ImapClient } from '../wire/imap.js'
import { inFull } from './scale.js'

const INSTANCES = inFull ? 20 : 6
const TIMEOUT_MS = inFull ? 900_000 : 300_000

describeWith(['mongod', 'redis-server'], `${INSTANCES} instances start at once`, () => {
  let place: Place
  beforeEach(async () => {
    place = await newPlace('MongoDB')
  })
  afterEach(() => place.remove())

  async function all(): Promise<TestServer[]> {
    const began = performance.now()
    // Settled, not all: whatever came up is stopped again.
    const started = await Promise.allSettled(
      Array.from({ length: INSTANCES }, () => startServer({ place, startMs: TIMEOUT_MS / 3 })),
    )
    console.log(`${INSTANCES} instances: ${((performance.now() - began) / 1000).toFixed(1)} s`)
    const servers = started.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []))
    const failed = started.flatMap((one) => (one.status === 'rejected' ? [String(one.reason)] : []))
    if (failed.length > 0) {
      await stop(servers)
      throw new Error(`${failed.length} of ${INSTANCES} did not start: ${failed[0]}`)
    }
    return servers
  }

  const stop = async (servers: readonly TestServer[]): Promise<void> => {
    expect(await Promise.all(servers.map((server) => server.stop()))).toEqual(servers.map(() => 0))
  }

  /** Each of them is ready, and finds what was made through another. */
  async function serves(servers: readonly TestServer[], user: string): Promise<void> {
    await (servers[0] as TestServer).createUser(user, 'secretpass')
    for (const server of servers) {
      expect((await server.http('/readyz')).status).toBe(200)
      const client = await ImapClient.login(server.listeners.imap, user, 'secretpass')
      await client.expectOk('SELECT INBOX')
      await client.logout()
    }
  }

  /** As before the first migration, but for what is kept: none of the indexes, and no schema. */
  async function stepBack(client: MongoClient): Promise<void> {
    for (const { name } of await client.db().listCollections().toArray())
      await client.db().collection(name).dropIndexes()
    const { deletedCount } = await client
      .db()
      .collection<{ _id: string }>('store')
      .deleteOne({ _id: 'schema' })
    expect(deletedCount).toBe(1)
  }

  test('on an empty database', { timeout: TIMEOUT_MS }, async () => {
    const servers = await all()
    await serves(servers, 'anna').finally(() => stop(servers))
  })

  test('on one that needs a migration', { timeout: TIMEOUT_MS }, async () => {
    const before = await startServer({ place })
    await serves([before], 'anna')
    await before.stop()
    const client = new MongoClient(place.set['store.url'] ?? '')
    try {
      await stepBack(client)
      const servers = await all()
      await serves(servers, 'ben').finally(() => stop(servers))
      expect((await client.db().collection('accounts').indexes()).map(({ name }) => name)).toContain(
        'by_modseq',
      )
      expect(await client.db().collection<{ _id: string }>('store').countDocuments({ _id: 'schema' })).toBe(1)
      // Nobody holds the lease any more.
      expect(
        await client
          .db()
          .collection('store')
          .countDocuments({ owner: { $exists: true } }),
      ).toBe(0)
    } finally {
      await client.close()
    }
  })
})
