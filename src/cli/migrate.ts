// `eider migrate`: everything of one store into another, with the servers of both stopped. docs/operations.md,
// "Migration: from one store to another".

import { existsSync, realpathSync } from 'node:fs'
import { resolve } from 'node:path'
import type { Config } from '../config/schema.js'
import { type Closing, closeAll } from '../kit/closing.js'
import { lockFolder } from '../kit/folder-lock.js'
import { silentLogger } from '../kit/log.js'
import { type MigrationProgress, migrateStore, type Side } from '../mail/migrate.js'
import type { Finding } from '../mail/types.js'
import { describeHolder } from './admin.js'
import type { OpenServices } from './open.js'
import { hasData, makeDataFolder } from './paths.js'
import { RefusedError, UsageError } from './refusals.js'

/** How often what has been done is told. */
const TELL_MS = 1000
const SQLITE = 'sqlite:'

export interface MigrationOutput {
  migrating(progress: MigrationProgress, seconds: number): void
  migrated(progress: MigrationProgress, seconds: number): void
  finding(finding: Finding): void
}

/** One end of the way. */
interface End {
  readonly config: Config
  /** How it is told from others: without what may change between two runs, or must not be shown. */
  readonly name: string
}

/** Returns how many bodies the source has lost. Throws RefusedError, UsageError, StoreError. */
export async function migrate(
  open: OpenServices,
  config: Config,
  urls: { readonly from: string; readonly to: string },
  output: MigrationOutput,
): Promise<number> {
  const [from, to] = [endOf(config, urls.from), endOf(config, urls.to)]
  if (from.config['store.url'] === SQLITE && !hasData(from.config.data))
    throw new RefusedError('no-data', `there is no mail store in ${from.config.data}`)
  if (to.config['store.url'] === SQLITE) makeDataFolder(to.config.data)
  if (nameOf(from) === nameOf(to)) throw new RefusedError('same', `${nameOf(from)} is where the mail is`)
  const closing: Closing = []
  const failures: unknown[] = []
  let lost = 0
  try {
    const source = await openAlone(open, from, closing)
    const target = await openAlone(open, to, closing)
    await demandFit(source, target, nameOf(from), nameOf(to))
    lost = await run(source, target, nameOf(from), output)
  } catch (error) {
    failures.push(error)
  }
  await closeAll(closing, (error) => failures.push(error))
  // The first is the one that matters.
  if (failures.length > 0) throw failures[0]
  return lost
}

function endOf(config: Config, url: string): End {
  if (url.startsWith(SQLITE) && url.length > SQLITE.length) {
    const data = resolve(url.slice(SQLITE.length))
    return {
      config: { ...config, data, 'store.url': SQLITE, 'blobs.url': 'store', 'bus.url': 'local:' },
      name: url,
    }
  }
  const [, scheme, hosts, name] =
    /^(mongodb(?:\+srv)?):\/\/(?:[^@/]*@)?([^/?]+)(?:\/([^?]*))?/.exec(url) ?? []
  if (hosts === undefined)
    throw new UsageError(
      `${SQLITE}DIR or mongodb://… is what can be migrated, not ${JSON.stringify(url.split('@').at(-1))}`,
    )
  const blobs = config['blobs.url'].startsWith('mongodb') ? config['blobs.url'] : 'store'
  return {
    config: { ...config, 'store.url': url, 'blobs.url': blobs, 'bus.url': 'local:' },
    name: `${scheme}://${hosts}/${name ?? ''}`,
  }
}

/** Once it is there: a folder by its real path. */
const nameOf = ({ config, name }: End): string =>
  config['store.url'] === SQLITE && existsSync(config.data) ? SQLITE + realpathSync(config.data) : name

/** Opens it with nobody else at it. */
async function openAlone(open: OpenServices, { config }: End, closing: Closing): Promise<Side> {
  if (config['store.url'] === SQLITE) {
    const locked = lockFolder(config.data, 'eider migrate')
    if (!('lock' in locked)) throw new RefusedError('held', describeHolder(config.data, locked.holder))
    closing.push(() => locked.lock.release())
  }
  const { services, close } = await open(config, silentLogger)
  closing.push(close)
  const alone = await services.store.alone()
  closing.push(() => alone.end())
  return { ...services, alone }
}

async function demandFit(source: Side, target: Side, from: string, to: string): Promise<void> {
  const unfinished = await source.store.arrival()
  if (unfinished !== undefined)
    throw new RefusedError(
      'unfinished',
      `${from} is not whole: a migration into it, from ${unfinished}, was not finished`,
    )
  const begun = await target.store.arrival()
  if (begun === from) return
  if (begun !== undefined)
    throw new RefusedError(
      'not-empty',
      `${to} holds part of ${begun}: finish that migration, or take an empty target`,
    )
  if (await isEmpty(source)) throw new RefusedError('no-data', `${from} holds neither accounts nor tokens`)
  if (!(await isEmpty(target)))
    throw new RefusedError(
      'not-empty',
      `${to} holds accounts or tokens already: a migration needs an empty target`,
    )
}

async function isEmpty({ store }: Side): Promise<boolean> {
  for await (const _ of store.accounts()) return false
  return (await store.tokens()).length === 0
}

async function run(source: Side, target: Side, from: string, output: MigrationOutput): Promise<number> {
  const began = performance.now()
  const seconds = (): number => (performance.now() - began) / 1000
  const progress: MigrationProgress = { accounts: 0, of: 0, messages: 0, octets: 0 }
  const timer = setInterval(() => output.migrating(progress, seconds()), TELL_MS)
  let findings = 0
  const onFinding = (finding: Finding): void => {
    findings++
    output.finding(finding)
  }
  try {
    await migrateStore(source, target, from, { progress, onFinding })
  } finally {
    clearInterval(timer)
  }
  output.migrated(progress, seconds())
  return findings
}
