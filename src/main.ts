#!/usr/bin/env node
// The composition root: the only file that names the engines behind the interfaces of store, blobs and bus. The cluster's
// are read only where the configuration asks for them: an embedded store starts without.

import { BLOBS_MODULE, sqliteBlobs } from './blobs/sqlite/sqlite-blobs.js'
import type { Bus } from './bus/bus.js'
import { localBus } from './bus/local/local-bus.js'
import { runCommandLine } from './cli/command-line.js'
import type { Opened } from './cli/open.js'
import { databaseFile } from './cli/paths.js'
import { isCluster } from './config/load.js'
import type { Config } from './config/schema.js'
import { systemClock } from './kit/clock.js'
import { type Closing, closeAll } from './kit/closing.js'
import type { Logger } from './kit/log.js'
import { openDatabase } from './kit/sqlite/database.js'
import { IndexCache } from './mail/index-cache.js'
import { createPasswords } from './mail/passwords.js'
import type { Limits, Services } from './mail/services.js'
import { STORE_MODULE, sqliteStore } from './store/sqlite/sqlite-store.js'

/** Octets of mailbox indexes kept in memory. */
const INDEX_CACHE = 64 * 2 ** 20

const limitsOf = (config: Config): Limits => ({
  quotaDefault: config['quota.default'],
  messageMaxSize: config['message.maxSize'],
  copyMessages: config['imap.copyMessages'],
  blobGraceMs: config['collector.grace'],
  failuresPerAddress: config['auth.failuresPerAddress'],
  failuresPerPair: config['auth.failuresPerPair'],
  failuresPerAccount: config['auth.failuresPerAccount'],
  failureWindowMs: config['auth.window'],
  connectionsPerAccount: config['imap.maxConnectionsPerAccount'],
})

type Stores = Pick<Services, 'store' | 'blobs'>

async function open(config: Config, log: Logger): Promise<Opened> {
  const closing: Closing = []
  const close = async () => {
    const failures: unknown[] = []
    await closeAll(closing, (error) => failures.push(error))
    if (failures.length > 0) throw failures[0]
  }
  try {
    const stores = isCluster(config) ? openMongo(config, log, closing) : openSqlite(config, log, closing)
    const services: Services = {
      ...(await stores),
      bus: await openBus(config, log, closing),
      passwords: createPasswords(),
      clock: systemClock,
      log,
      limits: limitsOf(config),
      indexCache: new IndexCache(INDEX_CACHE),
    }
    return { services, close }
  } catch (error) {
    await closeAll(closing, (err) => log.error({ err }, 'close-failed'))
    throw error
  }
}

async function openSqlite(config: Config, log: Logger, closing: Closing): Promise<Stores> {
  const database = await openDatabase({
    file: databaseFile(config.data),
    modules: [STORE_MODULE, BLOBS_MODULE],
    onFatal(err) {
      // Nothing that was acknowledged is lost; nothing more could be acknowledged.
      log.error({ err }, 'database-died')
      process.exit(1)
    },
  })
  const store = sqliteStore(database)
  closing.push(() => store.close())
  const blobs = await sqliteBlobs(database)
  closing.push(() => blobs.close())
  return { store, blobs }
}

async function openMongo(config: Config, log: Logger, closing: Closing): Promise<Stores> {
  const { 'store.url': url, 'store.timeout': timeoutMs } = config
  const blobsUrl = config['blobs.url'] === 'store' ? url : config['blobs.url']
  const { openMongoStore } = await import('./store/mongo/mongo-store.js')
  const { gridfsBlobs } = await import('./blobs/gridfs/gridfs-blobs.js')
  const { databaseIn, newMongoClient } = await import('./kit/mongo-client.js')
  const onNotice = ({ level, event, text }: { level: 'info' | 'warn'; event: string; text: string }) =>
    log[level]({ text }, event)
  const store = await openMongoStore({ url, timeoutMs, onNotice })
  closing.push(() => store.close())
  const client = newMongoClient(blobsUrl, timeoutMs)
  closing.push(() => client.close())
  const blobs = await gridfsBlobs({ client, database: databaseIn(blobsUrl), timeoutMs })
  closing.push(() => blobs.close())
  return { store, blobs }
}

async function openBus(config: Config, log: Logger, closing: Closing): Promise<Bus> {
  const { 'bus.url': url } = config
  if (url === 'local:' && isCluster(config)) log.warn({ poll: config['imap.pollInterval'] }, 'bus-local')
  const bus = url === 'local:' ? localBus() : await openRedis(url, log)
  closing.push(() => bus.close())
  return bus
}

async function openRedis(url: string, log: Logger): Promise<Bus> {
  const { redisBus } = await import('./bus/redis/redis-bus.js')
  return redisBus({ url, log })
}

// Whatever is made in the data folder is its owner's alone.
process.umask(0o077)
process.exitCode = await runCommandLine(process.argv.slice(2), open)
