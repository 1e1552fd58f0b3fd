// What a scenario plays on: a replica set, a Redis, servers on one database of them, accounts under load; and the end,
// where everything that is there is held against what was acknowledged.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { MongoClient } from 'mongodb'
import { MessageLog } from '../crash/messages.js'
import { type Change, Model } from '../crash/model.js'
import { hasCollected } from '../crash/run.js'
import { UidLedger } from '../crash/uids.js'
import { type Endpoints, type Shared, Worker } from '../crash/worker.js'
import { accountsFor, createWorld, readWorld } from '../crash/world.js'
import { runEider, startServer, type TestServer } from '../server.js'
import type { ReplicaSet } from '../support/mongod.js'
import { type Redis, startRedis } from '../support/redis.js'
import { Random } from '../wire/random.js'
import { Load } from './load.js'
import { urlThrough } from './mongo-proxy.js'
import { Reader } from './reader.js'

const ACCOUNTS = 4
const WORKERS = 4

export type Settings = Readonly<Record<string, string>>

export interface Instance {
  readonly server: TestServer
  /** A balancer sends nobody there any more. */
  isDown: boolean
}

export interface StageOptions {
  readonly set: ReplicaSet
  readonly seed: number
  /** Milliseconds. */
  readonly storeTimeout: number
}

let databases = 0

export class Stage {
  readonly set: ReplicaSet
  readonly redis: Redis
  readonly url: string
  readonly storeTimeout: number
  readonly shared: Shared
  readonly instances: Instance[] = []
  readonly problems: string[] = []
  readonly #database = `faults-${process.pid}-${++databases}`
  readonly #options: StageOptions
  readonly #closing: (() => Promise<void>)[] = []

  private constructor(options: StageOptions, redis: Redis) {
    this.set = options.set
    this.redis = redis
    this.storeTimeout = options.storeTimeout
    this.url = options.set.url(this.#database)
    this.#options = options
    const random = new Random(options.seed)
    this.shared = {
      model: new Model(),
      ledger: new UidLedger(),
      messages: new MessageLog(random),
      accounts: accountsFor(ACCOUNTS, WORKERS),
      random,
    }
  }

  static async open(options: StageOptions): Promise<Stage> {
    const redis = await startRedis()
    const stage = new Stage(options, redis)
    stage.closing(() => redis.kill())
    return stage
  }

  /** What must be undone at the end; the last first. */
  closing(undo: () => Promise<void>): void {
    this.#closing.unshift(undo)
  }

  /** Starts one more server on the same database, perhaps by another way. */
  async addInstance(set: Settings = {}): Promise<Instance> {
    const server = await startServer({ place: { set: this.#settings(set), remove: async () => {} } })
    const instance = { server, isDown: false }
    this.instances.push(instance)
    this.closing(async () => {
      await server.kill()
      rmSync(server.dir, { recursive: true, force: true })
    })
    return instance
  }

  /** Of the only member, or the first. */
  get memberPort(): number {
    const [member] = this.set.members
    if (member === undefined) throw new Error('a replica set without members')
    return member.port
  }

  /** The URL of the same database by way of a proxy. */
  urlThrough(port: number): string {
    return urlThrough(port, this.#database)
  }

  /** Accounts, and all clients that change and read their mail, on all instances in turn. */
  async startLoad(): Promise<Load> {
    const [first] = this.instances
    if (first === undefined) throw new Error('no instance')
    await createWorld(first.server, this.shared.accounts)
    this.problems.push(...(await this.#compare(first.server, [])))
    const { accounts } = this.shared
    const workers = accounts.flatMap((account) =>
      account.owners.map((number) => new Worker(this.shared, number, account)),
    )
    const readers = accounts.map((account) => new Reader(this.shared, account))
    return new Load(this, workers, readers)
  }

  /** Of one that is not down, beginning with the n-th. */
  endpoints(n: number): Endpoints {
    const up = this.instances.filter(({ isDown }) => !isDown)
    const chosen = this.instances[n % this.instances.length]
    const instance = chosen?.isDown === false ? chosen : up[n % Math.max(1, up.length)]
    if (instance === undefined) throw new Error('every instance is down')
    return instance.server.listeners
  }

  /** SIGKILL; its data folder goes with the stage. */
  async kill(instance: Instance): Promise<void> {
    instance.isDown = true
    await instance.server.kill()
  }

  /**
   * Ends the load and the servers, and compares everything with what was acknowledged: by a fresh server, and by `eider
   * check`.
   */
  async settle(load: Load): Promise<void> {
    this.problems.push(...(await load.stop()))
    for (const { server, isDown } of this.instances)
      if (!isDown) this.problems.push(...(await this.#end(server)))
    const judge = await this.addInstance({ 'collector.interval': '0s' })
    this.problems.push(...(await this.#compare(judge.server, load.unsettled(), load.readers)))
    await judge.server.stop()
    this.problems.push(...(await this.#check()))
  }

  /** Whether the collector of any has removed anything. */
  get hasCollected(): boolean {
    return this.instances.some(({ server }) => hasCollected(server))
  }

  /** Why the servers put something off, and how often, the most frequent first. */
  reasons(): string[] {
    const counts = new Map<string, number>()
    for (const { server } of this.instances)
      for (const line of server.log().split('\n')) {
        const why = /"level":"warn".*"err":"([^"]*)"/.exec(line)?.[1]
        if (why !== undefined) counts.set(why, (counts.get(why) ?? 0) + 1)
      }
    const sorted = [...counts].sort(([, a], [, b]) => b - a)
    return sorted.slice(0, 8).map(([why, count]) => `${count} times: ${why.slice(0, 200)}`)
  }

  async admin<T>(ask: (client: MongoClient) => Promise<T>): Promise<T> {
    const client = new MongoClient(this.url)
    try {
      return await ask(client)
    } finally {
      await client.close()
    }
  }

  async close(): Promise<void> {
    for (const undo of this.#closing.splice(0)) await undo()
    await this.admin((client) => client.db().dropDatabase()).catch(() => {})
  }

  #settings(set: Settings): Settings {
    return {
      'store.url': this.url,
      'bus.url': this.redis.url,
      'store.timeout': `${this.#options.storeTimeout}ms`,
      'collector.interval': '500ms',
      'collector.grace': `${this.#options.storeTimeout + 10_000}ms`,
      'retention.content': '0s',
      'retention.expunged': '2s',
      'imap.pollInterval': '5s',
      'log.level': 'info',
      ...set,
    }
  }

  async #compare(server: TestServer, unsettled: readonly Change[], readers: readonly Reader[] = []) {
    const { accounts, messages, ledger, model } = this.shared
    const { found, problems } = await readWorld(server.listeners.imap, accounts, messages, ledger)
    const seen = readers.flatMap((reader) => reader.compare(found))
    return [...problems, ...model.settle(found, unsettled), ...ledger.problems.splice(0), ...seen]
  }

  /** It must be there still, say nothing of errors, and end when told to. */
  async #end(server: TestServer): Promise<string[]> {
    const gone = server.process.exitCode !== null || server.process.signalCode !== null
    if (gone) return [`an instance ended by itself: ${server.log().slice(-2_000)}`]
    const code = await server.stop()
    const errors = server
      .log()
      .split('\n')
      // That the store was away may be told as what kept a task of the server's own from being done.
      .filter((line) => /"level":"(error|fatal)"/.test(line) && !line.includes('"code":"unavailable"'))
    return [
      ...(code === 0 ? [] : [`an instance ended with ${code}: ${server.log().slice(-2_000)}`]),
      ...errors.slice(0, 5).map((line) => `the log says ${line.slice(0, 1_000)}`),
    ]
  }

  async #check(): Promise<string[]> {
    const data = mkdtempSync(join(tmpdir(), 'eider-faults-'))
    const set = Object.entries(this.#settings({})).flatMap(([key, value]) => ['--set', `${key}=${value}`])
    const { code, stdout, stderr } = await runEider([...set, 'check', '--json', '--data', data])
    rmSync(data, { recursive: true, force: true })
    return code === 0
      ? []
      : [`eider check ended with ${code}: ${stdout.slice(0, 2_000)} ${stderr.slice(0, 2_000)}`]
  }
}
