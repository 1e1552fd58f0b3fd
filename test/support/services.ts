// The use cases over real stores, in the test's own process: for tests of the rooms above the store.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gridfsBlobs } from '../../src/blobs/gridfs/gridfs-blobs.js'
import { BLOBS_MODULE, sqliteBlobs } from '../../src/blobs/sqlite/sqlite-blobs.js'
import { localBus } from '../../src/bus/local/local-bus.js'
import { redisBus } from '../../src/bus/redis/redis-bus.js'
import { systemClock } from '../../src/kit/clock.js'
import { type Logger, silentLogger } from '../../src/kit/log.js'
import { databaseIn, newMongoClient } from '../../src/kit/mongo-client.js'
import { openDatabase } from '../../src/kit/sqlite/database.js'
import { IndexCache } from '../../src/mail/index-cache.js'
import { createPasswords } from '../../src/mail/passwords.js'
import type { Limits, Services } from '../../src/mail/services.js'
import { openMongoStore } from '../../src/store/mongo/mongo-store.js'
import { STORE_MODULE, sqliteStore } from '../../src/store/sqlite/sqlite-store.js'
import { engineName, newPlace, type Place } from './engine.js'

const LIMITS: Limits = {
  quotaDefault: 2 ** 30,
  messageMaxSize: 2 ** 26,
  copyMessages: 100_000,
  blobGraceMs: 3_600_000,
  failuresPerAddress: 20,
  failuresPerPair: 20,
  failuresPerAccount: 20,
  failureWindowMs: 60_000,
  connectionsPerAccount: 1000,
}

type Stores = Pick<Services, 'store' | 'blobs' | 'bus'>

interface OpenStores extends Stores {
  close(): Promise<void>
}

export interface OpenServices extends Services {
  /** Where an embedded store's database is. */
  readonly dir: string
  close(): Promise<void>
}

/** On the engine that the tests are for (test/support/engine.ts). */
export async function openServices(
  limits: Partial<Limits> = {},
  log: Logger = silentLogger,
): Promise<OpenServices> {
  const dir = mkdtempSync(join(tmpdir(), 'eider-test-'))
  const place = await newPlace()
  const services = await withStores(
    engineName() === 'MongoDB' ? openMongo(place.set, log) : openSqlite(dir, log),
    limits,
    log,
  )
  return {
    ...services,
    dir,
    async close() {
      await services.close()
      await place.remove()
      rmSync(dir, { recursive: true })
    },
  }
}

/** On MongoDB and Redis that others use too: one of many instances. */
export const openServicesOn = (
  set: Place['set'],
  log: Logger = silentLogger,
  { timeoutMs, ...limits }: Partial<Limits> & { readonly timeoutMs?: number } = {},
): Promise<Omit<OpenServices, 'dir'>> => withStores(openMongo(set, log, timeoutMs), limits, log)

async function withStores(
  opening: Promise<OpenStores>,
  limits: Partial<Limits>,
  log: Logger,
): Promise<Omit<OpenServices, 'dir'>> {
  return {
    ...(await opening),
    passwords: createPasswords(),
    clock: systemClock,
    log,
    limits: { ...LIMITS, ...limits },
    indexCache: new IndexCache(2 ** 26),
  }
}

/** As src/main.ts puts them together. */
async function openMongo(set: Place['set'], log: Logger, timeoutMs = 10_000): Promise<OpenStores> {
  const { 'store.url': url = '', 'bus.url': busUrl = '' } = set
  const store = await openMongoStore({ url, timeoutMs })
  const client = newMongoClient(url, timeoutMs)
  const blobs = await gridfsBlobs({ client, database: databaseIn(url), timeoutMs })
  const stores = { store, blobs, bus: await redisBus({ url: busUrl, log }) }
  return { ...stores, close: () => closeStores(stores).finally(() => client.close()) }
}

async function openSqlite(dir: string, log: Logger): Promise<OpenStores> {
  const database = await openDatabase({
    file: join(dir, 'eider.db'),
    modules: [STORE_MODULE, BLOBS_MODULE],
    onFatal: (err) => log.error({ err }, 'database-died'),
  })
  const stores = { store: sqliteStore(database), blobs: await sqliteBlobs(database), bus: localBus() }
  return { ...stores, close: () => closeStores(stores) }
}

async function closeStores({ store, blobs, bus }: Stores): Promise<void> {
  await bus.close()
  await blobs.close()
  await store.close()
}
