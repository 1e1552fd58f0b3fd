// The listeners that the configuration asks for, each with its protocol behind it; and what the log and DATA/run.json call
// them.

import { readFileSync } from 'node:fs'
import type { Config } from '../config/schema.js'
import type { ListenAddress } from '../config/values.js'
import { createHttpServer } from '../http/server.js'
import { createImapServer } from '../imap/server.js'
import { Listener, type ListenerOptions } from '../kit/listener.js'
import type { Metrics } from '../kit/metrics.js'
import type { TlsContexts } from '../kit/tls.js'
import type { Services } from '../mail/services.js'
import { createMaildropServer, TOO_MANY_CONNECTIONS } from '../smtp/server.js'

export type ListenerName = 'imap' | 'imaps' | 'smtp' | 'lmtp' | 'http'

export interface Running {
  readonly name: ListenerName
  /** `host:port` as it really is. */
  readonly address: string
  /** Connections open now. */
  size(): number
  close(graceMs: number): Promise<void>
}

interface Environment {
  readonly config: Config
  readonly services: Services
  readonly metrics: Metrics
  readonly tls: TlsContexts
}

type Start = (address: ListenAddress) => Promise<Running>

const version = (): string => {
  const manifest = JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8')) as {
    version: string
  }
  return manifest.version
}

export const printAddress = ({ host, port }: ListenAddress): string =>
  host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`

/** Starts all of them, or throws, naming the one that could not be and closing the others. */
export async function startListeners(environment: Environment): Promise<Running[]> {
  const started: Running[] = []
  const starts = describeListeners(environment)
  for (const [name, start] of Object.entries(starts) as [ListenerName, Start][]) {
    const address = environment.config[`${name}.listen`]
    if (address === 'off') continue
    try {
      started.push(await start(address))
    } catch (error) {
      await Promise.all(started.map((running) => running.close(0)))
      throw new Error(
        `cannot listen on ${printAddress(address)} (${name}.listen): ${(error as Error).message}`,
      )
    }
  }
  return started
}

function describeListeners(environment: Environment): Record<ListenerName, Start> {
  const { config, services, tls, metrics } = environment
  const imap = createImapServer(services, {
    version: version(),
    plaintextLogin: config['imap.plaintextLogin'],
    idleMs: config['imap.idleTimeout'],
    loginMs: config['imap.loginTimeout'],
    pollMs: config['imap.pollInterval'],
  })
  const imapLimits = {
    maxConnections: config['imap.maxConnections'],
    maxPerAddress: config['imap.maxConnectionsPerAddress'],
    refuse: '* BYE too many connections',
    onConnection: imap.handle,
  }
  const maildrop = (protocol: 'smtp' | 'lmtp') => ({
    maxConnections: config['smtp.maxConnections'],
    maxPerAddress: config['smtp.maxConnectionsPerAddress'],
    refuse: TOO_MANY_CONNECTIONS,
    onConnection: createMaildropServer(services, {
      protocol,
      hostname: config['smtp.hostname'],
      limits: { recipients: config['smtp.maxRecipients'], commandMs: config['smtp.timeout'] },
    }).handle,
  })
  const listener =
    (name: ListenerName, options: Omit<ListenerOptions, 'name' | 'host' | 'port' | 'log' | 'tls'>): Start =>
    (address) =>
      startListener(name, { ...options, ...address, name, tls, log: services.log.child({ protocol: name }) })
  return {
    imap: listener('imap', imapLimits),
    imaps: listener('imaps', { ...imapLimits, implicitTls: true }),
    smtp: listener('smtp', maildrop('smtp')),
    lmtp: listener('lmtp', maildrop('lmtp')),
    http: (address) => startHttp(environment, address, metrics),
  }
}

async function startListener(name: ListenerName, options: ListenerOptions): Promise<Running> {
  const listener = new Listener(options)
  const address = printAddress(await listener.listen())
  return { name, address, size: () => listener.size, close: (graceMs) => listener.close(graceMs) }
}

async function startHttp(
  { config, services }: Environment,
  { host, port }: ListenAddress,
  metrics: Metrics,
): Promise<Running> {
  const http = await createHttpServer(services, metrics, {
    requireToken: config['http.requireToken'],
    maxConnections: config['http.maxConnections'],
    maxPerAddress: config['http.maxConnectionsPerAddress'],
    requestMs: config['http.timeout'],
    version: version(),
  })
  const address = printAddress(await http.listen(host, port))
  return { name: 'http', address, size: () => http.size(), close: (graceMs) => http.close(graceMs) }
}
