// The use cases over a real embedded store in a temporary folder: for tests of the rooms above the store.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { BLOBS_MODULE, sqliteBlobs } from '../../src/blobs/sqlite/sqlite-blobs.js'
import { localBus } from '../../src/bus/local/local-bus.js'
import { systemClock } from '../../src/kit/clock.js'
import { silentLogger } from '../../src/kit/log.js'
import { openDatabase } from '../../src/kit/sqlite/database.js'
import { IndexCache } from '../../src/mail/index-cache.js'
import { createPasswords } from '../../src/mail/passwords.js'
import type { Limits, Services } from '../../src/mail/services.js'
import { STORE_MODULE, sqliteStore } from '../../src/store/sqlite/sqlite-store.js'

const LIMITS: Limits = {
  quotaDefault: 2 ** 30,
  messageMaxSize: 2 ** 26,
  copyMessages: 100_000,
  blobGraceMs: 3_600_000,
  failuresPerAddress: 20,
  failuresPerAccount: 20,
  failureWindowMs: 60_000,
  connectionsPerAccount: 1000,
}

export interface OpenServices extends Services {
  readonly dir: string
  close(): Promise<void>
}

export async function openServices(limits: Partial<Limits> = {}): Promise<OpenServices> {
  const dir = mkdtempSync(join(tmpdir(), 'eider-test-'))
  const database = await openDatabase({ file: join(dir, 'eider.db'), modules: [STORE_MODULE, BLOBS_MODULE] })
  const store = sqliteStore(database)
  const blobs = await sqliteBlobs(database)
  const bus = localBus()
  return {
    dir,
    store,
    blobs,
    bus,
    passwords: createPasswords(),
    clock: systemClock,
    log: silentLogger,
    limits: { ...LIMITS, ...limits },
    indexCache: new IndexCache(2 ** 24),
    async close() {
      await bus.close()
      await blobs.close()
      await store.close()
      await database.close()
      rmSync(dir, { recursive: true })
    },
  }
}
