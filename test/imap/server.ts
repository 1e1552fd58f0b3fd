// A server for IMAP tests in the test's own process: the services on the engine that the tests are for, and a listener on
// a free port of loopback.

import { expect } from 'vitest'
import type { ImapOptions } from '../../src/imap/options.js'
import { createImapServer } from '../../src/imap/server.js'
import { Listener } from '../../src/kit/listener.js'
import { createLogger, type Logger } from '../../src/kit/log.js'
import { selfSignedCertificate, TlsContexts } from '../../src/kit/tls.js'
import { createAccount } from '../../src/mail/accounts.js'
import type { Limits, Services } from '../../src/mail/services.js'
import type { Account } from '../../src/mail/types.js'
import { openServices } from '../support/services.js'

export const PASSWORD = 'correct-horse'

/** Tests connect and fail more than strangers may. */
const LIMITS = {
  failuresPerAddress: 1000,
  failuresPerPair: 1000,
  failuresPerAccount: 1000,
  connectionsPerAccount: 10_000,
}

export interface ImapTestServer {
  readonly port: number
  readonly services: Services
  /** What was logged at error. */
  readonly errors: string[]
  /** How many are open now. */
  connections(): number
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
  const errors: string[] = []
  const log = errorLog(errors)
  const services = await openServices({ ...LIMITS, ...options.limits }, log)
  const imap = createImapServer(services, options.imap)
  const { dir } = services
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
    connections: () => listener.size,
    addUser: (username) => createAccount(services, { username, password: PASSWORD }),
    async close() {
      await listener.close(2_000)
      await imap.close()
      tls?.close()
      await services.close()
    },
  }
}

/** At the end of a file of tests, where nothing may have gone wrong on the server's side. */
export async function closeWithoutErrors(server: ImapTestServer): Promise<void> {
  await server.close()
  expect(server.errors).toEqual([])
}
