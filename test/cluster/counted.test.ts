// What reaches MongoDB for what a client says, as MongoDB's own profiler writes it down
// (https://www.mongodb.com/docs/manual/reference/database-profiler/).

import { setTimeout as sleep } from 'node:timers/promises'
import { MongoClient } from 'mongodb'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { accountKey } from '../../src/store/mongo/schema.js'
import { startServer, type TestServer } from '../server.js'
import { type Place as EnginePlace, newPlace } from '../support/engine.js'
import { describeWith } from '../support/programs.js'
import { ImapClient } from '../wire/imap.js'

const ATTACHMENT = 5 * 2 ** 20
/** Far below `imap.pollInterval` as it is here. */
const IDLE_MS = 5_000

interface Operation {
  readonly op: string
  readonly ns: string
  readonly nreturned?: number
  readonly command: Record<string, unknown>
}

const lines = Buffer.from(Array.from({ length: ATTACHMENT }, (_, i) => (i * 7919) & 255))
  .toString('base64')
  .replace(/.{76}/g, '$&\r\n')
const message = Buffer.from(
  `Subject: large\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n\r\ntext\r\n--x\r\n` +
    `Content-Type: image/png\r\nContent-Transfer-Encoding: base64\r\n\r\n${lines}\r\n--x--\r\n`,
)

/** A session looks a second time, a second after its login, whether the password still stands. */
const isSecondLook = ({ find, filter }: Record<string, unknown>): boolean =>
  find === 'credentials' || (filter as { _id?: unknown } | undefined)?._id === accountKey(1)

describeWith(['mongod', 'redis-server'], 'what MongoDB is asked for', () => {
  let place: EnginePlace
  let server: TestServer
  let mongo: MongoClient
  let client: ImapClient
  beforeAll(async () => {
    place = await newPlace('MongoDB')
    server = await startServer({ place, set: { 'imap.pollInterval': '10m' } })
    mongo = new MongoClient(place.set['store.url'] ?? '')
    await server.createUser('anna', 'secret')
    client = await ImapClient.login(server.listeners.imap, 'anna', 'secret')
    await client.expectOk('APPEND INBOX ', message)
  })
  afterAll(async () => {
    client.close()
    await server.stop()
    await mongo.close()
    await place.remove()
  })

  /** All that is asked while `work` runs, but for what an instance says of itself. */
  async function everythingAsked(work: () => Promise<unknown>): Promise<Operation[]> {
    const db = mongo.db()
    await db.command({ profile: 2 })
    await work()
    await db.command({ profile: 0 })
    const profile = db.collection<Operation>('system.profile')
    const found = await profile.find({ ns: /\.(?!system\.profile|instances|store)[^$]/ }).toArray()
    await profile.drop()
    return found.filter(({ command }) => command['profile'] === undefined)
  }
  const asked = async (work: () => Promise<unknown>): Promise<Operation[]> =>
    (await everythingAsked(work)).filter(({ command }) => !isSecondLook(command))

  test('SELECT is three commands where something is \\Recent, and two where nothing is', async () => {
    const first = await asked(() => client.expectOk('SELECT INBOX'))
    expect(first.map(({ op }) => op).sort()).toEqual(['command', 'command', 'query'])
    const second = await asked(() => client.expectOk('SELECT INBOX'))
    expect(second.length).toBeLessThanOrEqual(2)
  })

  test('BODY.PEEK[2]<1000000.1000> of an attachment reads one chunk of it', async () => {
    await client.expectOk('SELECT INBOX')
    let octets: unknown
    const operations = await asked(async () => {
      const [fetched] = await client.fetch('FETCH 1 (BODY.PEEK[2]<1000000.1000>)')
      octets = fetched?.items.get('BODY[2]<1000000>')
    })
    expect(Buffer.from(octets as Uint8Array).toString('latin1')).toBe(lines.slice(1_000_000, 1_001_000))
    const chunks = operations.filter(({ ns }) => ns.endsWith('.blobs.chunks'))
    expect(chunks.map(({ nreturned }) => nreturned)).toEqual([1])
    expect(operations.length).toBeLessThanOrEqual(6)
  })

  test('idle sessions ask for nothing between two polls, in IDLE or not', async () => {
    await client.expectOk('SELECT INBOX')
    const idling = await ImapClient.login(server.listeners.imap, 'anna', 'secret')
    await idling.expectOk('SELECT INBOX')
    const done = await idling.idle()
    // Again, where the second look at a password falls into it.
    await expect.poll(() => everythingAsked(() => sleep(IDLE_MS))).toEqual([])
    expect((await done()).status).toBe('OK')
    await idling.logout()
  })
})
