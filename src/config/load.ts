// The configuration put together: flags beat the environment, which beats the file, which beats the defaults. A key that
// nobody knows, or a value that cannot be, stops the start and is named. docs/operations.md, "Configuration".

import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { parse } from 'smol-toml'
import { CONFIG_KEYS, type Config, type ConfigKey, configSchema, environmentName } from './schema.js'
import { isLoopbackName, withoutSecrets } from './values.js'

export class ConfigError extends Error {
  override readonly name = 'ConfigError'
}

export interface ConfigSources {
  /** Path of a TOML file. */
  readonly file?: string | undefined
  readonly environment: Readonly<Record<string, string | undefined>>
  /** `key=value`, as `--set` takes them. The last one of a key counts. */
  readonly set: readonly string[]
  /** From `--data`. */
  readonly data?: string | undefined
}

export interface Setting {
  /** As it was written. */
  readonly given: unknown
  /** Where it was written, in words for an administrator. */
  readonly origin: string
}

export interface LoadedConfig {
  readonly config: Config
  readonly settings: ReadonlyMap<ConfigKey, Setting>
}

type Layer = Map<ConfigKey, Setting>

/** Throws ConfigError. */
export function loadConfig(sources: ConfigSources): LoadedConfig {
  const file = sources.file ?? sources.environment['EIDER_CONFIG']
  const given: Layer = new Map([
    ...(file === undefined ? [] : fromFile(file)),
    ...fromEnvironment(sources.environment),
    ...fromFlags(sources.set),
  ])
  if (sources.data !== undefined) given.set('data', { given: sources.data, origin: '--data' })
  const config = validate(given)
  return { config, settings: withDefaults(given, config) }
}

const isKey = (key: string): key is ConfigKey => (CONFIG_KEYS as readonly string[]).includes(key)

function knownKey(key: string, origin: string): ConfigKey {
  if (isKey(key)) return key
  const near = nearestKey(key)
  throw new ConfigError(
    `unknown key ${key} (${origin})${near === undefined ? '' : `; did you mean ${near}?`}`,
  )
}

function fromFile(path: string): Layer {
  const layer: Layer = new Map()
  for (const [key, given] of flatten(readToml(path), '')) {
    layer.set(knownKey(key, `file ${path}`), { given, origin: `file ${path}` })
  }
  return layer
}

function readToml(path: string): object {
  try {
    return parse(readFileSync(path, 'utf8'))
  } catch (error) {
    // A mistake in TOML is shown with its line, and a URL may stand in it.
    const why = withoutSecrets((error as Error).message)
    throw new ConfigError(`cannot read the configuration file ${path}: ${why}`)
  }
}

/** Tables become dotted keys; lists are values. */
function* flatten(table: object, prefix: string): Generator<[string, unknown]> {
  for (const [name, value] of Object.entries(table)) {
    const isTable =
      typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date)
    if (isTable) yield* flatten(value, `${prefix}${name}.`)
    else yield [`${prefix}${name}`, value]
  }
}

/** The file of the configuration itself, and the faults that tests make, which are read where they act. */
const NOT_KEYS = /^EIDER_(CONFIG$|TEST_)/

/** What Kubernetes tells every container of a Service whose name begins with eider. */
const isServiceLink = (name: string, text: string): boolean =>
  /_SERVICE_(?:HOST|PORT(?:_[A-Z0-9_]+)?)$|_PORT_\d+_(?:TCP|UDP|SCTP)(?:_(?:ADDR|PORT|PROTO))?$/.test(name) ||
  (name.endsWith('_PORT') && /^(?:tcp|udp|sctp):\/\//.test(text))

function fromEnvironment(environment: ConfigSources['environment']): Layer {
  const keys = new Map(CONFIG_KEYS.map((key) => [environmentName(key), key]))
  const layer: Layer = new Map()
  for (const [name, text] of Object.entries(environment)) {
    if (!name.startsWith('EIDER_') || NOT_KEYS.test(name) || text === undefined) continue
    const key = keys.get(name)
    if (key === undefined) {
      if (isServiceLink(name, text)) continue
      const near = nearest(name, [...keys.keys()])
      const hint = near === undefined ? '' : `; did you mean ${near}?`
      throw new ConfigError(`unknown environment variable ${name}${hint}`)
    }
    const origin = `environment ${name}`
    layer.set(key, { given: fromText(key, text, origin), origin })
  }
  return layer
}

function fromFlags(set: readonly string[]): Layer {
  const layer: Layer = new Map()
  for (const assignment of set) {
    const at = assignment.indexOf('=')
    if (at < 1) throw new ConfigError(`--set ${assignment}: it should be key=value`)
    const key = knownKey(assignment.slice(0, at), '--set')
    layer.set(key, { given: fromText(key, assignment.slice(at + 1), `--set ${key}`), origin: '--set' })
  }
  return layer
}

/** Lists are written as in TOML; everything else is the text itself. */
function fromText(key: ConfigKey, text: string, origin: string): unknown {
  if (key !== 'tls.certificates') return text
  try {
    return parse(`value = ${text}`)['value']
  } catch {
    throw new ConfigError(
      `${key} (${origin}): it should be a TOML list, such as [{cert = "a.pem", key = "b.pem"}]`,
    )
  }
}

function validate(given: Layer): Config {
  const result = configSchema.safeParse(
    Object.fromEntries([...given].map(([key, setting]) => [key, setting.given])),
  )
  if (!result.success) {
    throw new ConfigError(result.error.issues.map((issue) => describeIssue(issue, given)).join('\n'))
  }
  const config = result.data
  refuseMixedEngines(config)
  refuseShortGrace(config, given)
  const { 'http.listen': http, 'http.requireToken': requireToken } = config
  if (requireToken === false && http !== 'off' && !isLoopbackName(http.host)) {
    const origin = given.get('http.requireToken')?.origin ?? 'default'
    throw new ConfigError(
      `http.requireToken=false (${origin}) is possible only where http.listen is on loopback, and it is ${http.host}`,
    )
  }
  return {
    ...config,
    // Whole, because SQLite's driver trims what it is given, and Node.js does not.
    data: resolve(config.data),
    'http.requireToken': requireToken ?? (http !== 'off' && !isLoopbackName(http.host)),
  }
}

export const isCluster = (config: Pick<Config, 'store.url'>): boolean =>
  config['store.url'].startsWith('mongodb')

/** Bodies in the one instance's folder would be missing in the others, and the other way round they would be out of step. */
function refuseMixedEngines(config: Pick<Config, 'store.url' | 'blobs.url'>): void {
  const blobs = config['blobs.url']
  if (blobs === 'store' || blobs.startsWith('mongodb') === isCluster(config)) return
  throw new ConfigError(
    `blobs.url = "${withoutSecrets(blobs)}": it should be store, or of the same kind as store.url`,
  )
}

/** MongoDB ends a transaction within so long, also one whose caller waits no more (`transactionLifetimeLimitSeconds`). */
const TRANSACTION_MS = 10_000

/**
 * On MongoDB a body is collected two graces after it was touched, whoever waits for a transaction that refers to it: that one begins
 * within a quarter of the grace, and ends within these two times.
 */
function refuseShortGrace(
  config: Pick<Config, 'store.url' | 'store.timeout' | 'collector.grace'>,
  given: Layer,
): void {
  const { 'collector.grace': grace, 'store.timeout': timeout } = config
  const least = timeout + TRANSACTION_MS
  if (!isCluster(config) || grace >= least) return
  const origin = given.get('collector.grace')?.origin ?? 'default'
  throw new ConfigError(
    `collector.grace is ${grace}ms (${origin}): on MongoDB it should be at least ${least}ms, ten seconds more than store.timeout`,
  )
}

function describeIssue(issue: { path: PropertyKey[]; message: string }, given: Layer): string {
  const key = String(issue.path[0]) as ConfigKey
  const setting = given.get(key)
  return `${key} = ${JSON.stringify(withoutSecrets(setting?.given))} (${setting?.origin ?? 'default'}): it should be ${issue.message}`
}

function withDefaults(given: Layer, config: Config): Layer {
  const settings: Layer = new Map()
  for (const key of CONFIG_KEYS) {
    const definition: object = configSchema.shape[key]._zod.def
    const fallback = 'defaultValue' in definition ? definition.defaultValue : config[key]
    settings.set(key, given.get(key) ?? { given: fallback, origin: 'default' })
  }
  return settings
}

const nearestKey = (key: string): string | undefined => nearest(key, CONFIG_KEYS)

/** The name that differs least, where that is little. */
function nearest(name: string, names: readonly string[]): string | undefined {
  const ranked = names.map((known) => ({ known, by: distance(name.toLowerCase(), known.toLowerCase()) }))
  ranked.sort((one, other) => one.by - other.by)
  const [best] = ranked
  return best !== undefined && best.by <= Math.max(2, name.length / 4) ? best.known : undefined
}

/** Levenshtein's: letters to insert, delete or replace. */
function distance(one: string, other: string): number {
  let row = Array.from({ length: other.length + 1 }, (_, i) => i)
  for (const [i, letter] of [...one].entries()) {
    const next = [i + 1]
    for (let j = 0; j < other.length; j++) {
      const replace = (row[j] ?? 0) + (letter === other[j] ? 0 : 1)
      next.push(Math.min(replace, (row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1))
    }
    row = next
  }
  return row.at(-1) ?? 0
}
