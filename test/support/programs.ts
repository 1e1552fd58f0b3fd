// The servers that tests of the cluster start: where they are, and suites that need them. `npm run services` gets them;
// a suite that is skipped is told at the end of the run (test/support/global-setup.ts), and in CI nothing may be skipped.

import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { randomInt } from 'node:crypto'
import { existsSync } from 'node:fs'
import { createServer } from 'node:net'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { describe } from 'vitest'
import { required } from '../wire/required.js'

export type Program = 'mongod' | 'redis-server' | 'haproxy'

/** The same places as in scripts/services. */
function findProgram(name: Program): string | undefined {
  const own = process.env['MONGOMS_SYSTEM_BINARY']
  if (name === 'mongod' && own !== undefined && own !== '') return own
  try {
    return execFileSync('sh', ['-c', `PATH=$PATH:/usr/sbin; command -v ${name}`], { encoding: 'utf8' }).trim()
  } catch {
    return name === 'mongod' ? findMadeMongod() : undefined
  }
}

function findMadeMongod(): string | undefined {
  const cache = process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache')
  const made = join(process.env['EIDER_MONGOD_HOME'] ?? join(cache, 'eider-mongod'), 'bin', 'mongod')
  return existsSync(made) ? made : undefined
}

const found = new Map<Program, string | undefined>()

function programPath(name: Program): string | undefined {
  if (!found.has(name)) found.set(name, findProgram(name))
  return found.get(name)
}

/** Whether all of them are here; says so at the end of the run where not, and throws in CI. */
export function havePrograms(names: readonly Program[], tests: string): boolean {
  const missing = names.filter((name) => programPath(name) === undefined)
  if (missing.length === 0) return true
  required(false, `${missing.join(' and ')} (npm run services gets it)`, tests)
  return false
}

/** Whether the suites that run once for each engine run on MongoDB and Redis too. */
export const haveCluster = (): boolean =>
  havePrograms(['mongod', 'redis-server'], 'clients, transcripts, HTTP, commands and use cases on MongoDB')

/** A suite that needs these programs: without them it is skipped, and the run ends by saying so. */
export function describeWith(names: readonly Program[], title: string, suite: () => void): void {
  if (havePrograms(names, title)) describe(title, suite)
  else describe.skip(`${title} (SKIPPED: see the end)`, suite)
}

/** Before a command: what it starts dies with this process, however that ends, where the system can promise that. */
export const DYING_WITH_US: readonly string[] = existsSync('/usr/bin/setpriv')
  ? ['/usr/bin/setpriv', '--pdeathsig', 'KILL', '--']
  : []

/** Starts it so that it dies with this process. */
export function spawnProgram(
  name: Program,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): ChildProcess {
  const path = programPath(name)
  if (path === undefined) throw new Error(`${name} is not on the PATH: npm run services gets it`)
  const [program = path, ...before] = [...DYING_WITH_US, path]
  // A group of its own: an interrupt from the terminal is for the tests, which then end it.
  return spawn(program, [...before, ...args], {
    stdio: 'ignore',
    detached: true,
    env: { ...process.env, ...env },
  })
}

/**
 * Below those that Linux gives to outgoing connections and to listeners on port 0 (32768 and above): nobody takes one of
 * these by chance before its program listens, nor while it is down.
 */
const PORTS = { from: 20_000, to: 26_000 }
const given = new Set<number>()

/** A port of loopback that is free now, and that this process has not given out before. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(PORTS.from, PORTS.to)
    if (given.has(port) || !(await isFree(port))) continue
    given.add(port)
    return port
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer().once('error', () => resolve(false))
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
  })
}
