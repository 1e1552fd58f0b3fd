// The topology of compose.yaml as plain processes: three mongods, Redis, three instances, and HAProxy with the very
// configuration that users get. Every instance has its own address of loopback, so that each listens on the default ports.

import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { startServer, type TestServer } from '../server.js'
import { startReplicaSet } from '../support/mongod.js'
import { spawnProgram } from '../support/programs.js'
import { startRedis } from '../support/redis.js'
import { openSocket } from '../wire/connect.js'

const CONFIGURATION = fileURLToPath(new URL('../../../haproxy.cfg', import.meta.url))
const PORTS = { imap: 9143, imaps: 9993, smtp: 2525, lmtp: 2424, http: 8080 } as const
export const INSTANCES = [1, 2, 3] as const
export type InstanceNumber = (typeof INSTANCES)[number]

/** Milliseconds that all of it may take to begin. */
const START_MS = 120_000

export interface TopologyOptions {
  /** Everything that is kept. */
  readonly dir: string
  /** The first three numbers of the addresses, such as `127.77.0`. */
  readonly net: string
  /** Of the mongods and of Redis; free ones unless given. */
  readonly ports?: { readonly mongod: number; readonly redis: number }
}

export class Topology {
  readonly set: Readonly<Record<string, string>>
  readonly instances = new Map<InstanceNumber, TestServer>()
  readonly #options: TopologyOptions
  #balancer: ChildProcess | undefined
  readonly #ends: (() => Promise<unknown>)[]

  private constructor(
    options: TopologyOptions,
    set: Readonly<Record<string, string>>,
    ends: (() => Promise<unknown>)[],
  ) {
    this.#options = options
    this.set = set
    this.#ends = ends
  }

  static async start(options: TopologyOptions): Promise<Topology> {
    const { dir, ports } = options
    const folder = join(dir, 'mongod')
    mkdirSync(folder, { recursive: true })
    const redis = await startRedis(ports?.redis)
    const ends: (() => Promise<unknown>)[] = [() => redis.kill()]
    try {
      const port = ports === undefined ? {} : { port: ports.mongod }
      const mongods = await startReplicaSet({ members: 3, folder, ...port })
      ends.push(() => mongods.dispose())
      const set = { 'store.url': mongods.url('eider'), 'bus.url': redis.url }
      const topology = new Topology(options, set, ends)
      ends.push(() => topology.#stopInstances())
      await Promise.all(INSTANCES.map((number) => topology.startInstance(number)))
      await topology.#startBalancer()
      return topology
    } catch (error) {
      for (const end of ends.reverse()) await end()
      throw error
    }
  }

  /** Where clients connect. */
  balancer(listener: keyof typeof PORTS): string {
    return `${this.#options.net}.1:${PORTS[listener]}`
  }

  address(number: InstanceNumber): string {
    return `${this.#options.net}.${10 + number}`
  }

  async startInstance(number: InstanceNumber): Promise<void> {
    const listen = Object.entries(PORTS).map(([name, port]) => [
      `${name}.listen`,
      `${this.address(number)}:${port}`,
    ])
    const place = { set: { ...this.set, ...Object.fromEntries(listen) }, remove: async () => {} }
    const dir = join(this.#options.dir, `eider${number}`)
    mkdirSync(dir, { recursive: true })
    this.instances.set(number, await startServer({ dir, place, set: place.set, startMs: START_MS }))
  }

  async stop(): Promise<void> {
    for (const end of this.#ends.splice(0).reverse()) await end()
  }

  async #stopInstances(): Promise<void> {
    const balancer = this.#balancer
    if (balancer !== undefined && balancer.exitCode === null && balancer.signalCode === null) {
      const exited = once(balancer, 'exit')
      balancer.kill('SIGTERM')
      await exited
    }
    await Promise.all([...this.instances.values()].map((server) => server.stop()))
  }

  async #startBalancer(): Promise<void> {
    const names = INSTANCES.map((number) => [`EIDER${number}`, this.address(number)])
    const env = { BALANCER: `${this.#options.net}.1`, ...Object.fromEntries(names) }
    const balancer = spawnProgram('haproxy', ['-db', '-f', CONFIGURATION], env)
    this.#balancer = balancer
    const until = Date.now() + START_MS
    while (!(await greets(this.balancer('imap')))) {
      if (balancer.exitCode !== null || Date.now() > until) throw new Error('HAProxy did not start')
      await sleep(50)
    }
  }
}

/** Whether somebody answers there with a greeting, as IMAP servers do. */
async function greets(address: string): Promise<boolean> {
  const socket = await openSocket(address).catch(() => undefined)
  if (socket === undefined) return false
  try {
    const first = await Promise.race([once(socket, 'data'), once(socket, 'close').then(() => [''])])
    return String(first[0]).startsWith('* OK')
  } finally {
    socket.destroy()
  }
}
