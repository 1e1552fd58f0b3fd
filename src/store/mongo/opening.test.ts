// Opening a store on MongoDB: any number of instances at once, what is refused, and what happens while MongoDB is away.

import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { MongoClient } from 'mongodb'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { newDatabase, type TestDatabase } from '../../../test/support/mongod.js'
import { describeWith, freePort, spawnProgram } from '../../../test/support/programs.js'
import {
  allEntries,
  drain,
  NO_LIMIT,
  place as newPlace,
  type Place,
  sample,
  samples,
} from '../contract/samples.js'
import type { Store } from '../store.js'
import { openMongoStore } from './mongo-store.js'
import { type ChunkDocument, mailboxKey } from './schema.js'

const wanted = (username: string) => ({
  username,
  usernameKey: username,
  quota: 0,
  passwordHash: '',
  mailboxes: [{ path: 'INBOX' }],
})

/** A way to MongoDB that can be cut: nothing is refused, nothing is answered. */
class Way {
  readonly #sockets = new Set<Socket>()
  readonly #server: Server
  #cut = false

  constructor(to: number) {
    this.#server = createServer((near) => {
      const far = connect(to, '127.0.0.1')
      for (const [one, other] of [
        [near, far],
        [far, near],
      ] as const) {
        this.#sockets.add(one)
        one.on('error', () => other.destroy())
        one.on('close', () => other.destroy())
        one.on('data', (octets) => {
          if (!this.#cut) other.write(octets)
        })
      }
    })
  }

  async listen(): Promise<number> {
    this.#server.listen(0, '127.0.0.1')
    await once(this.#server, 'listening')
    const address = this.#server.address()
    return typeof address === 'object' ? (address?.port ?? 0) : 0
  }

  cut(): void {
    this.#cut = true
  }

  /** What was under way when it was cut is lost. */
  mend(): void {
    this.#cut = false
    for (const socket of this.#sockets) socket.destroy()
    this.#sockets.clear()
  }

  close(): void {
    this.mend()
    this.#server.close()
  }
}

/** 600 messages: five chunks. */
async function fill(store: Store): Promise<Place> {
  const at = await newPlace(store)
  await store.append(at.id, at.inbox, samples(600), NO_LIMIT)
  return at
}

describeWith(['mongod'], 'opening a store on MongoDB', () => {
  let place: TestDatabase
  beforeEach(async () => {
    place = await newDatabase()
  })
  afterEach(() => place.drop())

  /** Changes something behind the store's back. */
  const alter = async (change: (client: MongoClient) => Promise<unknown>) => {
    const client = new MongoClient(place.url)
    await change(client).finally(() => client.close())
  }

  test('20 instances at once on an empty database, and again on one that has a schema', async () => {
    for (const round of [1, 2]) {
      const stores = await Promise.all(Array.from({ length: 20 }, () => openMongoStore({ url: place.url })))
      await stores[round]?.createAccount(wanted(`round${round}`))
      for (const store of stores)
        expect(await store.accountByName(`round${round}`)).toMatchObject({ id: round })
      await Promise.all(stores.map((store) => store.close()))
    }
  })

  test('a migration that was interrupted is taken up when its lease has lapsed', async () => {
    await alter(async (client) => {
      await client.db().createCollection('tombstones')
      await client
        .db()
        .collection<{ _id: string }>('store')
        .insertOne({ _id: 'migration', owner: 'dead', expires: new Date(Date.now() + 1000) } as never)
    })
    const began = Date.now()
    const store = await openMongoStore({ url: place.url })
    expect(Date.now() - began).toBeGreaterThan(900)
    await store.createAccount(wanted('anna'))
    await store.close()
  })

  test('an index that stands apart, as schema 1 had it, is moved to its account; also where that was interrupted', async () => {
    const before = await openMongoStore({ url: place.url })
    const at = await fill(before)
    const entries = await allEntries(before, at.id, at.inbox)
    await before.close()
    await alter(async (client) => {
      const accounts = client.db().collection<ChunkDocument>('accounts')
      const found = await accounts.find({ chunk: { $exists: true } }).toArray()
      expect(found.length).toBeGreaterThan(3)
      // One of them has been moved already.
      const apart = found.slice(1)
      const key = ({ account, mailbox, chunk }: ChunkDocument): string =>
        mailboxKey(account, mailbox) + chunk.toString(16).padStart(7, '0')
      await client
        .db()
        .collection<ChunkDocument>('chunks')
        .insertMany(apart.map((chunk) => ({ ...chunk, _id: key(chunk) })))
      await accounts.deleteMany({ _id: { $in: apart.map(({ _id }) => _id) } })
      await accounts.dropIndex('by_modseq')
      const schema = client.db().collection<{ _id: string }>('store')
      await schema.updateOne({ _id: 'schema' }, { $set: { value: 1 } })
    })
    const server = { _id: 'server/old', host: 'elsewhere', pid: 7, expires: new Date(Date.now() + 60_000) }
    const servers = (client: MongoClient) => client.db().collection<typeof server>('store')
    await alter((client) => servers(client).insertOne(server))
    await expect(openMongoStore({ url: place.url })).rejects.toThrow(
      /process 7 on elsewhere serves this store/,
    )
    await alter((client) => servers(client).deleteOne({ _id: server._id }))
    const store = await openMongoStore({ url: place.url })
    expect(await allEntries(store, at.id, at.inbox)).toEqual(entries)
    expect(await drain(store.check({ repair: false }))).toEqual([])
    await store.append(at.id, at.inbox, [sample()], NO_LIMIT)
    await store.close()
    await alter(async (client) => {
      expect(await client.db().listCollections({ name: 'chunks' }).toArray()).toEqual([])
    })
  })

  test('a schema that is newer than this program is refused', async () => {
    await (await openMongoStore({ url: place.url })).close()
    await alter((client) =>
      client
        .db()
        .collection<{ _id: string }>('store')
        .updateOne({ _id: 'schema' }, { $set: { value: 99 } }),
    )
    await expect(openMongoStore({ url: place.url })).rejects.toThrow(/schema 99, this program knows/)
  })

  test('while MongoDB does not answer, calls fail within the timeout; then all goes on', async () => {
    const direct = new URL(place.url)
    const way = new Way(Number(direct.port))
    const url = `mongodb://127.0.0.1:${await way.listen()}${direct.pathname}?directConnection=true`
    const store = await openMongoStore({ url, timeoutMs: 1000 })
    try {
      const { id } = await store.createAccount(wanted('anna'))
      way.cut()
      for (const call of [
        () => store.account(id),
        () => store.setQuota(id, 1),
        () => store.ping(),
        () => store.createAccount(wanted('ben')),
      ]) {
        const began = performance.now()
        await expect(call()).rejects.toMatchObject({ code: 'unavailable' })
        expect(performance.now() - began).toBeLessThan(1500)
      }
      way.mend()
      await expect
        .poll(() => store.setQuota(id, 7).then(() => store.account(id)), { timeout: 20_000 })
        .toMatchObject({
          quota: 7,
        })
    } finally {
      await store.close()
      way.close()
    }
  })

  test('nothing there: unavailable within the timeout', async () => {
    const url = `mongodb://127.0.0.1:${await freePort()}/eider?replicaSet=rs0`
    const began = performance.now()
    await expect(openMongoStore({ url, timeoutMs: 1000 })).rejects.toMatchObject({ code: 'unavailable' })
    expect(performance.now() - began).toBeLessThan(1500)
  })

  test.each([
    ['that stands alone', [], /mongod --replSet rs0/],
    ['whose set was not initiated', ['--replSet', 'rs0'], /rs\.initiate\(\)/],
  ])('a mongod %s is refused, with the line that mends it', async (_, options, line) => {
    const folder = mkdtempSync(join(tmpdir(), 'eider-alone-'))
    const port = await freePort()
    const mongod: ChildProcess = spawnProgram('mongod', [
      ...['--port', String(port), '--bind_ip', '127.0.0.1', '--dbpath', folder],
      ...['--logpath', join(folder, 'log'), ...options],
    ])
    try {
      const client = new MongoClient(`mongodb://127.0.0.1:${port}/?directConnection=true`, {
        serverSelectionTimeoutMS: 30_000,
      })
      await client.db('admin').command({ hello: 1 })
      await client.close()
      for (const url of [
        `mongodb://127.0.0.1:${port}/eider`,
        `mongodb://127.0.0.1:${port}/eider?replicaSet=rs0`,
      ])
        await expect(openMongoStore({ url, timeoutMs: 5000 }) as Promise<Store>).rejects.toThrow(line)
    } finally {
      mongod.kill('SIGKILL')
      await once(mongod, 'exit')
      rmSync(folder, { recursive: true, force: true, maxRetries: 10 })
    }
  })
})
