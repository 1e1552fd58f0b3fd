// A server for IMAP tests in the test's own process: the services over SQLite in a folder that goes away, and a listener on
// a free port of loopback.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { BLOBS_MODULE, sqliteBlobs } from '../../src/blobs/sqlite/sqlite-blobs.js'
import { localBus } from '../../src/bus/local/local-bus.js'
import type { ImapOptions } from '../../src/imap/options.js'
import { createImapServer } from '../../src/imap/server.js'
import { systemClock } from '../../src/kit/clock.js'
import { Listener } from '../../src/kit/listener.js'
import { createLogger, type Logger } from '../../src/kit/log.js'
import { openDatabase } from '../../src/kit/sqlite/database.js'
import { selfSignedCertificate, TlsContexts } from '../../src/kit/tls.js'
import { createAccount } from '../../src/mail/accounts.js'
import { IndexCache } from '../../src/mail/index-cache.js'
import { createPasswords } from '../../src/mail/passwords.js'
import type { Limits, Services } from '../../src/mail/services.js'
import type { Account } from '../../src/mail/types.js'
import { STORE_MODULE, sqliteStore } from '../../src/store/sqlite/sqlite-store.js'

export const PASSWORD = 'correct-horse'

const LIMITS: Limits = {
  quotaDefault: 2 ** 30,
  messageMaxSize: 64 * 2 ** 20,
  copyMessages: 100_000,
  blobGraceMs: 3_600_000,
  failuresPerAddress: 1000,
  failuresPerAccount: 1000,
  failureWindowMs: 60_000,
  connectionsPerAccount: 10_000,
}

export interface ImapTestServer {
  readonly port: number
  readonly services: Services
  /** What was logged at error. */
  readonly errors: string[]
  addUser(name: string): Promise<Account>
  close(): Promise<void>
}

export interface ImapTestOptions {
  readonly imap?: Partial<ImapOptions>
  readonly limits?: Partial<Limits>
  readonly tls?: boolean
}

function errorLog(errors: string[]): Logger {
  return createLogger('error', { write: (line: string) => void errors.push(line) })
}

export async function startImapServer(options: ImapTestOptions = {}): Promise<ImapTestServer> {
  const dir = mkdtempSync(join(tmpdir(), 'eider-imap-'))
  const errors: string[] = []
  const log = errorLog(errors)
  const onFatal = (error: unknown) => void errors.push(String(error))
  const database = await openDatabase({
    file: join(dir, 'eider.db'),
    modules: [STORE_MODULE, BLOBS_MODULE],
    onFatal,
  })
  const services: Services = {
    store: sqliteStore(database),
    blobs: await sqliteBlobs(database),
    bus: localBus(),
    passwords: createPasswords(),
    clock: systemClock,
    log,
    limits: { ...LIMITS, ...options.limits },
    indexCache: new IndexCache(64 * 2 ** 20),
  }
  const imap = createImapServer(services, options.imap)
  const tls =
    options.tls === true
      ? await TlsContexts.load([await selfSignedCertificate(dir, 'localhost')], log)
      : undefined
  const listener = new Listener({
    name: 'imap',
    host: '127.0.0.1',
    port: 0,
    tls,
    maxConnections: 10_000,
    maxPerAddress: 10_000,
    onConnection: (connection) => imap.handle(connection),
    log,
  })
  const { port } = await listener.listen()
  return {
    port,
    services,
    errors,
    addUser: (username) => createAccount(services, { username, password: PASSWORD }),
    async close() {
      await listener.close(2_000)
      await imap.close()
      tls?.close()
      await services.bus.close()
      await services.blobs.close()
      await services.store.close()
      rmSync(dir, { recursive: true, force: true })
    },
  }
}
