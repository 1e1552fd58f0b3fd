// The dialogue over a target in memory, for the tests of sessions: a listener with TLS, and clients of it.

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll } from 'vitest'
import { Listener } from '../../src/kit/listener.js'
import { silentLogger } from '../../src/kit/log.js'
import { selfSignedCertificate, TlsContexts } from '../../src/kit/tls.js'
import { Session } from '../../src/smtp/session.js'
import { DEFAULT_LIMITS, type SmtpLimits } from '../../src/smtp/settings.js'
import { SmtpClient } from './client.js'
import { MemoryTarget } from './memory-target.js'

let tls: TlsContexts
let folder: string
export const cleanups: (() => Promise<void> | void)[] = []

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'eider-smtp-'))
  tls = await TlsContexts.load([await selfSignedCertificate(folder, 'mx.example')], silentLogger)
})
afterAll(() => rm(folder, { recursive: true }))
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

interface Setting {
  readonly protocol?: 'smtp' | 'lmtp'
  readonly limits?: Partial<SmtpLimits>
  readonly messageMaxSize?: number
}

export async function serve({ protocol = 'smtp', limits, messageMaxSize = 1 << 20 }: Setting = {}) {
  const target = new MemoryTarget({ perRecipient: protocol === 'lmtp', limit: messageMaxSize })
  const settings = {
    protocol,
    hostname: 'mx.example',
    messageMaxSize,
    limits: { ...DEFAULT_LIMITS, ...limits },
  }
  const listener = new Listener({
    name: protocol,
    host: '127.0.0.1',
    port: 0,
    tls,
    maxConnections: 1000,
    maxPerAddress: 1000,
    onConnection: (connection) => void new Session(connection, settings, target).run(),
    log: silentLogger,
  })
  const { port } = await listener.listen()
  cleanups.push(() => listener.close(0))
  const open = async () => {
    const client = await SmtpClient.open(port)
    cleanups.push(() => client.close())
    return client
  }
  return { target, listener, port, open }
}

/** A client that has greeted, and the target. */
export async function greeted(setting: Setting = {}) {
  const server = await serve(setting)
  const client = await server.open()
  await client.ask(setting.protocol === 'lmtp' ? 'LHLO client.example' : 'EHLO client.example')
  return { ...server, client }
}

export const SEND_ONE = 'MAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nDATA\r\nHello\r\n.\r\n'
export const ONE_SENT = ['250 2.1.0', '250 2.1.5', '354 End d', '250 2.0.0']
export const codes = (replies: readonly string[]): string[] => replies.map((reply) => reply.slice(0, 9))
