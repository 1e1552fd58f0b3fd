// `eider serve`: takes the folder's lock, opens the store, listens, says so in the log and in DATA/run.json, and on
// SIGTERM or SIGINT lets everything finish and is gone within five seconds, also in the middle of its start.

import type { LoadedConfig } from '../config/load.js'
import { type Closing, closeAll } from '../kit/closing.js'
import { type FolderLock, lockFolder } from '../kit/folder-lock.js'
import type { Logger } from '../kit/log.js'
import { countEvents, Metrics } from '../kit/metrics.js'
import { selfSignedCertificate, TlsContexts } from '../kit/tls.js'
import { collectRegularly } from '../mail/collect.js'
import { describeHolder } from './admin.js'
import { serveControl } from './control.js'
import { type Running, startListeners } from './listeners.js'
import type { Opened, OpenServices } from './open.js'
import { makeDataFolder, removeRunFile, writeRunFile } from './paths.js'
import { RefusedError } from './refusals.js'

/** Sessions have this long to finish; the store, and whoever reads the log, get the rest of the five seconds. */
const GRACE_MS = 3_000
const DEADLINE_MS = 4_500
/** A signal this soon after the first is the same once more: npm passes on what the terminal has sent to us already. */
const ECHO_MS = 500
/** How often certificates are looked at for changes. */
const CERTIFICATE_MS = 60_000

/** A proxy or tunnel on this machine that says nothing of itself cannot be told from a local program. */
const WITHOUT_TOKEN =
  'programs on this machine need no token; if anything forwards to this port, set http.requireToken=true'

/** Resolves when the server has stopped. Throws RefusedError where another process holds the folder. */
export async function serve(open: OpenServices, { config }: LoadedConfig, plainLog: Logger): Promise<void> {
  const metrics = new Metrics()
  const log = countEvents(plainLog, metrics)
  const stopped = stopSignal().then((signal) => {
    log.info({ signal }, 'stopping')
    setTimeout(() => forceExit(log), DEADLINE_MS).unref()
  })
  makeDataFolder(config.data)
  const lock = takeLock(config.data)
  const closing: Closing = [() => lock.release()]
  try {
    await start(open, config, log, metrics, closing)
    await stopped
  } finally {
    await closeAll(closing, (err) => log.error({ err }, 'close-failed'))
  }
  log.info({}, 'stopped')
}

async function start(
  open: OpenServices,
  config: LoadedConfig['config'],
  log: Logger,
  metrics: Metrics,
  closing: Closing,
): Promise<void> {
  const { data } = config
  removeRunFile(data)
  closing.push(() => removeRunFile(data))
  const opened = await open(config, log)
  closing.push(() => opened.close())
  closing.push(await opened.services.store.serving())
  const tls = await loadCertificates(config, log)
  closing.push(() => tls.close())
  const running = await startListeners({ config, services: opened.services, metrics, tls })
  closing.push(() => Promise.all(running.map((one) => one.close(GRACE_MS))))
  countConnections(metrics, running)
  closing.push(startCollector(opened, config))
  closing.push(await serveControl(opened.services, data, log))
  const listeners = Object.fromEntries(running.map(({ name, address }) => [name, address]))
  writeRunFile(data, { pid: process.pid, listeners })
  log.info({ pid: process.pid, data, listeners }, 'ready')
  if (listeners['http'] !== undefined && !config['http.requireToken']) {
    log.warn({ listen: listeners['http'], text: WITHOUT_TOKEN }, 'http-without-token')
  }
}

function takeLock(data: string): FolderLock {
  const locked = lockFolder(data, 'eider serve')
  if ('lock' in locked) return locked.lock
  throw new RefusedError('held', describeHolder(data, locked.holder))
}

async function loadCertificates(config: LoadedConfig['config'], log: Logger): Promise<TlsContexts> {
  const named = config['tls.certificates']
  const certificates =
    named.length > 0 ? named : [await selfSignedCertificate(config.data, config['smtp.hostname'])]
  const tls = await TlsContexts.load(certificates, log)
  tls.watch(CERTIFICATE_MS)
  return tls
}

const startCollector = ({ services }: Opened, config: LoadedConfig['config']): (() => void) =>
  collectRegularly(
    services,
    {
      tombstoneAge: config['retention.expunged'],
      contentAge: config['retention.content'],
      contentLimit: config['retention.contentLimit'],
    },
    config['collector.interval'],
  )

function countConnections(metrics: Metrics, running: readonly Running[]): void {
  metrics.gauge('eider_connections', 'Connections open now', ['listener'], () =>
    running.map(({ name, size }) => [{ listener: name }, size()] as const),
  )
}

/** Resolves at the first signal; a later one ends the process at once. */
function stopSignal(): Promise<string> {
  return new Promise((resolve) => {
    let first: number | undefined
    const obey = (signal: string) => {
      first ??= performance.now()
      if (performance.now() - first > ECHO_MS) process.exit(1)
      resolve(signal)
    }
    process.on('SIGTERM', obey)
    process.on('SIGINT', obey)
    // npm and npx put a shell between themselves and us, which a signal to npm ends without telling us.
    if (['start', 'npx'].includes(process.env['npm_lifecycle_event'] ?? ''))
      onOrphaned(() => resolve('npm ended'))
  })
}

function onOrphaned(then: () => void): void {
  const parent = process.ppid
  const timer = setInterval(() => {
    if (process.ppid === parent) return
    clearInterval(timer)
    then()
  }, 500)
  timer.unref()
}

/** Whatever was acknowledged is on disk already: this loses nothing but good manners. */
function forceExit(log: Logger): void {
  log.warn({ afterMs: DEADLINE_MS }, 'stop-forced')
  process.exit(1)
}
