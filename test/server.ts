// A server for black-box tests: the very program that ships, in a process of its own, on a data folder of its own, with
// every listener on a free port of loopback, on the engine that the tests are for (test/support/engine.ts).

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, existsSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { type Place, placeOf, settings } from './support/engine.js'
import { DYING_WITH_US } from './support/programs.js'

export const MAIN = fileURLToPath(new URL('../src/main.js', import.meta.url))

export type ListenerName = 'imap' | 'imaps' | 'smtp' | 'lmtp' | 'http'
const LISTENERS: readonly ListenerName[] = ['imap', 'imaps', 'smtp', 'lmtp', 'http']

/** Milliseconds that a start may take on a machine which does much else. */
const START_MS = 30_000

export interface ServerOptions {
  /** Keys of the configuration. */
  readonly set?: Readonly<Record<string, string>>
  readonly env?: Readonly<Record<string, string>>
  /** A data folder to go on with; it is then left in place by `stop`, with the place that belongs to it. */
  readonly dir?: string
  /** Instead of the folder's own: one that other instances use too. It is left as it is. */
  readonly place?: Place
  /** Milliseconds that the start may take. */
  readonly startMs?: number
  /** Arguments for node itself, before the program. */
  readonly nodeArgs?: readonly string[]
  /** A file to log to. Without one, the log goes through a pipe. */
  readonly logFile?: string
  /** What to run instead of node, such as `['strace', '-f', …, process.execPath]`. */
  readonly command?: readonly string[]
}

export interface TestServer {
  readonly dir: string
  readonly pid: number
  /** `host:port` of each; absent where it is off. */
  readonly listeners: Readonly<Partial<Record<ListenerName, string>>>
  readonly process: ChildProcess
  /** Everything that it logged so far. */
  log(): string
  port(listener: ListenerName): number
  http(path: string, init?: RequestInit): Promise<Response>
  /** POSTs JSON; throws where it is refused. */
  post(path: string, body: object): Promise<unknown>
  /** Makes an account, and registers the address where one is given. */
  createUser(name: string, password: string, address?: string): Promise<void>
  /** SIGTERM; resolves with the exit code, and removes a folder that was made for it. */
  stop(): Promise<number | null>
  /** SIGKILL; the folder stays. */
  kill(): Promise<void>
}

/** What it said on standard error and output stands in the error where it does not start. */
export async function startServer(options: ServerOptions = {}): Promise<TestServer> {
  const dir = options.dir ?? mkdtempSync(join(tmpdir(), 'eider-test-'))
  const listen = Object.fromEntries(LISTENERS.map((name) => [`${name}.listen`, '127.0.0.1:0']))
  const place = options.place ?? (await placeOf(dir))
  const set = settings({ ...listen, ...place.set, ...options.set })
  const command = options.command ?? [process.execPath]
  const [program = process.execPath, ...before] = [...DYING_WITH_US, ...command]
  const args = [...before, ...(options.nodeArgs ?? []), MAIN, 'serve', '--data', dir, ...set]
  const { logFile } = options
  const output = logFile === undefined ? 'pipe' : openSync(logFile, 'a')
  const child = spawn(program, args, {
    env: { ...cleanEnvironment(), ...options.env },
    stdio: ['ignore', output, 'pipe'],
  })
  if (output !== 'pipe') closeSync(output)
  const exited = once(child, 'exit')
  let piped = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (text: string) => {
      piped += text
    })
  }
  const log = () => piped + (logFile === undefined ? '' : readFileSync(logFile, 'utf8'))
  const run = await waitForStart(child, dir, options.startMs ?? START_MS, log)
  const port = (listener: ListenerName): number => {
    const address = run.listeners[listener]
    if (address === undefined) throw new Error(`${listener} is off`)
    return Number(address.slice(address.lastIndexOf(':') + 1))
  }
  const http = (path: string, init?: RequestInit) => fetch(`http://${run.listeners.http}${path}`, init)
  const post = (path: string, body: object) => postJson(http, path, body)
  return {
    dir,
    pid: run.pid,
    listeners: run.listeners,
    process: child,
    log,
    port,
    http,
    post,
    async createUser(username, password, address) {
      await post('/user/create', { username, password })
      if (address !== undefined) await post('/user/address/create', { username, address })
    },
    async stop() {
      if (child.exitCode === null && child.signalCode === null) process.kill(run.pid, 'SIGTERM')
      const [code] = (await exited) as [number | null]
      if (options.dir === undefined) rmSync(dir, { recursive: true, force: true })
      if (options.dir === undefined && options.place === undefined) await place.remove()
      return code
    },
    async kill() {
      if (child.exitCode === null && child.signalCode === null) process.kill(run.pid, 'SIGKILL')
      await exited
    },
  }
}

/** The tests' own environment without what configures Eider. */
export const cleanEnvironment = (): NodeJS.ProcessEnv =>
  Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('EIDER_')))

interface RunFile {
  readonly pid: number
  readonly listeners: Partial<Record<ListenerName, string>>
}

async function waitForStart(
  child: ChildProcess,
  dir: string,
  startMs: number,
  log: () => string,
): Promise<RunFile> {
  const file = join(dir, 'run.json')
  const until = Date.now() + startMs
  // One that was killed leaves its file behind, with its own pid; `ready` is said once the new one is written.
  while (!(log().includes('"event":"ready"') && existsSync(file))) {
    if (child.exitCode !== null || child.signalCode !== null)
      throw new Error(`the server did not start:\n${log()}`)
    if (Date.now() > until) {
      child.kill('SIGKILL')
      throw new Error(`the server did not start within ${startMs} ms:\n${log()}`)
    }
    await sleep(10)
  }
  return JSON.parse(readFileSync(file, 'utf8')) as RunFile
}

async function postJson(
  http: (path: string, init?: RequestInit) => Promise<Response>,
  path: string,
  body: object,
): Promise<unknown> {
  const response = await http(path, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  const text = await response.text()
  if (!response.ok) throw new Error(`POST ${path}: ${response.status} ${text}`)
  return JSON.parse(text)
}

export interface Finished {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** Runs the eider command to its end; with `--data` on the place that belongs to the folder. */
export async function runEider(
  args: readonly string[],
  options: { input?: string; env?: Record<string, string> } = {},
): Promise<Finished> {
  const at = args.indexOf('--data') + 1
  const set = at === 0 ? {} : (await placeOf(args[at] ?? '')).set
  const child = spawn(process.execPath, [MAIN, ...settings(set), ...args], {
    env: { ...cleanEnvironment(), ...options.env },
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  let stdout = ''
  let stderr = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
  })
  child.stdin.on('error', () => {})
  child.stdin.end(options.input ?? '')
  const [code] = (await once(child, 'close')) as [number | null]
  return { code, stdout, stderr }
}
