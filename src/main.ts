#!/usr/bin/env node
// The composition root: the only file that names the engines behind the interfaces of store, blobs and bus.

import { BLOBS_MODULE, sqliteBlobs } from './blobs/sqlite/sqlite-blobs.js'
import { localBus } from './bus/local/local-bus.js'
import { runCommandLine } from './cli/command-line.js'
import type { Opened } from './cli/open.js'
import { databaseFile } from './cli/paths.js'
import { isCluster } from './config/load.js'
import type { Config } from './config/schema.js'
import { systemClock } from './kit/clock.js'
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

async function open(config: Config, log: Logger): Promise<Opened> {
  if (isCluster(config)) throw new Error('this version opens no MongoDB yet')
  if (config['bus.url'] !== 'local:') throw new Error('this version uses no Redis yet')
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
  const blobs = await sqliteBlobs(database)
  const bus = localBus()
  const services: Services = {
    store,
    blobs,
    bus,
    passwords: createPasswords(),
    clock: systemClock,
    log,
    limits: limitsOf(config),
    indexCache: new IndexCache(INDEX_CACHE),
  }
  return {
    services,
    async close() {
      await bus.close()
      await blobs.close()
      await store.close()
    },
  }
}

// Whatever is made in the data folder is its owner's alone.
process.umask(0o077)
process.exitCode = await runCommandLine(process.argv.slice(2), open)
