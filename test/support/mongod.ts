// Real MongoDB replica sets for tests: `newDatabase` is a database of its own on the one set that all test files of a run
// share (test/support/global-setup.ts); `startReplicaSet` is a whole set whose members can be killed, paused and restarted.

import type { ChildProcess } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { text } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import { MongoClient } from 'mongodb'
import { freePort, spawnProgram } from './programs.js'

/** Milliseconds that a member may take to answer, and a set to elect, on a machine which does much else. */
const START_MS = 60_000

export interface Member {
  readonly port: number
  /** Of the server itself, also where the program on the PATH is a wrapper. */
  readonly pid: number
  /** SIGKILL, as when the machine dies; its data stay. */
  kill(): Promise<void>
  /** SIGSTOP: it holds its connections and answers nothing. */
  pause(): void
  resume(): void
  /** Stops it cleanly; its data stay. */
  stop(): Promise<void>
  /** Starts it again on its data, on the same port, and waits until it answers. */
  start(): Promise<void>
}

export interface ReplicaSet {
  readonly members: readonly Member[]
  url(database: string): string
  /** Waits for one where there is none. */
  primary(): Promise<Member>
  /** Kills what still runs, and removes all data; where the folder was given, stops it and leaves them. */
  dispose(): Promise<void>
}

export interface ReplicaSetOptions {
  readonly members?: 1 | 3
  /** Seconds after which the server ends a transaction by itself. */
  readonly transactionLifetime?: number
  /** Where the data are, which then stay; it goes on with what is there. */
  readonly folder?: string
  /** The first member's, the others' behind it; free ones unless given. */
  readonly port?: number
}

const NAME = 'rs0'
const ALREADY_INITIALIZED = 23

export async function startReplicaSet(options: ReplicaSetOptions = {}): Promise<ReplicaSet> {
  const folder = options.folder ?? mkdtempSync(join(tmpdir(), 'eider-mongod-'))
  const members: MongodProcess[] = []
  const dispose = async () => {
    const isKept = options.folder !== undefined
    await Promise.all(members.map((member) => (isKept ? member.stop() : member.kill())))
    if (!isKept) rmSync(folder, { recursive: true, force: true, maxRetries: 10 })
  }
  try {
    for (let i = 0; i < (options.members ?? 1); i++) {
      const port = options.port === undefined ? await freePort() : options.port + i
      members.push(new MongodProcess(join(folder, String(i)), port, options))
    }
    await Promise.all(members.map((member) => member.start()))
    await initiate(members.map(({ port }) => port))
    const hosts = members.map(({ port }) => `127.0.0.1:${port}`).join(',')
    const set: ReplicaSet = {
      members,
      url: (database) => `mongodb://${hosts}/${database}?replicaSet=${NAME}`,
      primary: () => findPrimary(members),
      dispose,
    }
    await set.primary()
    return set
  } catch (error) {
    await dispose()
    throw error
  }
}

class MongodProcess implements Member {
  readonly port: number
  pid = 0
  readonly #folder: string
  readonly #lifetime: number
  #child: ChildProcess | undefined

  constructor(folder: string, port: number, options: ReplicaSetOptions) {
    this.port = port
    this.#folder = folder
    this.#lifetime = options.transactionLifetime ?? 5
    mkdirSync(folder, { recursive: true })
  }

  async start(): Promise<void> {
    const child = spawnProgram('mongod', [
      ...['--replSet', NAME, '--port', String(this.port), '--bind_ip', '127.0.0.1'],
      ...['--dbpath', this.#folder, '--logpath', join(this.#folder, 'log'), '--logappend'],
      ...['--wiredTigerCacheSizeGB', '0.5', '--oplogSize', '512'],
      ...['--setParameter', 'enableTestCommands=1'],
      ...['--setParameter', 'shutdownTimeoutMillisForSignaledShutdown=100'],
      ...['--setParameter', `transactionLifetimeLimitSeconds=${this.#lifetime}`],
    ])
    this.#child = child
    const until = Date.now() + START_MS
    while (!(await answers(this.port))) {
      const ended = child.exitCode !== null || child.signalCode !== null
      if (ended || Date.now() > until) throw new Error(`mongod did not start:\n${this.#lastOfLog()}`)
    }
    // The child itself, where each wrapper became what it starts.
    this.pid = serverAmong(child.pid ?? 0) ?? child.pid ?? 0
  }

  async kill(): Promise<void> {
    await this.#end('SIGKILL')
  }

  /** Not SIGTERM, which Wine does not hand on as a request to stop. */
  async stop(): Promise<void> {
    await this.#end('SIGINT')
  }

  pause(): void {
    process.kill(this.pid, 'SIGSTOP')
  }

  resume(): void {
    process.kill(this.pid, 'SIGCONT')
  }

  async #end(signal: 'SIGKILL' | 'SIGINT'): Promise<void> {
    const child = this.#child
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return
    const exited = once(child, 'exit')
    process.kill(this.pid === 0 ? (child.pid ?? 0) : this.pid, signal)
    await exited
  }

  #lastOfLog(): string {
    try {
      return readFileSync(join(this.#folder, 'log'), 'utf8').slice(-3_000)
    } catch {
      return '(no log)'
    }
  }
}

/** The process below `root`, or `root`, that is mongod and no longer the script that starts it. */
function serverAmong(root: number): number | undefined {
  const parents = new Map<number, number>()
  for (const name of readdirSync('/proc').filter((entry) => /^[0-9]+$/.test(entry))) {
    const parent = /\) \S ([0-9]+) /.exec(readProcess(name, 'stat'))?.[1]
    if (parent !== undefined) parents.set(Number(name), Number(parent))
  }
  const isBelow = (pid: number): boolean =>
    pid === root || (parents.has(pid) && isBelow(parents.get(pid) ?? 0))
  return [...parents.keys()].find((pid) => isBelow(pid) && isMongod(readProcess(String(pid), 'cmdline')))
}

const isMongod = (commandLine: string): boolean =>
  /^mongod(\.exe)?$/.test(basename(commandLine.split('\0')[0]?.replaceAll('\\', '/') ?? ''))

function readProcess(pid: string, file: string): string {
  try {
    return readFileSync(join('/proc', pid, file), 'utf8')
  } catch {
    return ''
  }
}

const direct = (port: number): MongoClient =>
  new MongoClient(`mongodb://127.0.0.1:${port}/?directConnection=true`, { serverSelectionTimeoutMS: 500 })

/** Asks one member by itself; undefined where it does not answer. */
async function ask(port: number, command: object): Promise<Record<string, unknown> | undefined> {
  const client = direct(port)
  try {
    return await client.db('admin').command(command, { timeoutMS: 2_000 })
  } catch {
    return undefined
  } finally {
    await client.close()
  }
}

const answers = async (port: number): Promise<boolean> => (await ask(port, { ping: 1 })) !== undefined

async function initiate(ports: readonly number[]): Promise<void> {
  const members = ports.map((port, _id) => ({ _id, host: `127.0.0.1:${port}` }))
  const client = direct(ports[0] ?? 0)
  try {
    // Elections in seconds: the defaults are for networks.
    const settings = { electionTimeoutMillis: 2_000, heartbeatIntervalMillis: 500 }
    await client.db('admin').command({ replSetInitiate: { _id: NAME, members, settings } })
  } catch (error) {
    if ((error as { code?: unknown }).code !== ALREADY_INITIALIZED) throw error
  } finally {
    await client.close()
  }
}

async function findPrimary(members: readonly Member[]): Promise<Member> {
  const until = Date.now() + START_MS
  for (;;) {
    for (const member of members) {
      const hello = await ask(member.port, { hello: 1 })
      if (hello?.['isWritablePrimary'] === true) return member
    }
    if (Date.now() > until) throw new Error(`no primary within ${START_MS} ms`)
    await sleep(20)
  }
}

/** The socket on which the run's own process tells the URL of the shared set, which it starts when first asked. */
export const SHARED_SET = 'EIDER_TEST_SHARED_SET'

export interface TestDatabase {
  readonly url: string
  drop(): Promise<void>
}

/** Where no run shares one: this process's, which ends with it. */
let ownSet: Promise<ReplicaSet> | undefined

async function sharedUrl(): Promise<string> {
  const path = process.env[SHARED_SET]
  if (path !== undefined) return text(connect(path))
  ownSet ??= startReplicaSet()
  return (await ownSet).url('test')
}

/** For programs that are no tests of vitest: what `newDatabase` started for them. */
export async function disposeOwnSet(): Promise<void> {
  await (await ownSet)?.dispose()
  ownSet = undefined
}

/** A database that nobody else uses, on the shared set; it is made by whoever writes to it first. */
export async function newDatabase(): Promise<TestDatabase> {
  const base = new URL(await sharedUrl())
  base.pathname = `/eider-test-${process.pid}-${randomBytes(4).toString('hex')}`
  const url = base.href
  return {
    url,
    async drop() {
      const client = new MongoClient(url)
      try {
        await client.db().dropDatabase()
      } finally {
        await client.close()
      }
    },
  }
}
