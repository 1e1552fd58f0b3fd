// The rounds of the crash and power tests: a world of accounts, clients that change it until the server is killed,
// and the comparison of what is there afterwards with what was acknowledged.

import { setTimeout as sleep } from 'node:timers/promises'
import { runEider, type ServerOptions, startServer, type TestServer } from '../server.js'
import { engineName } from '../support/engine.js'
import { newDataFolder } from '../wire/data-folder.js'
import { Random } from '../wire/random.js'
import { MessageLog } from './messages.js'
import { Model } from './model.js'
import { UidLedger } from './uids.js'
import { type Shared, Worker } from './worker.js'
import { accountsFor, createWorld, readWorld } from './world.js'

export const CLIENTS = 8
const ACCOUNTS = 3
/** A kill comes at most this many ms after the last client logged in. */
const LONGEST_RUN = 1_500

/** The collector removes soon, and all the time, what nobody names any more: what it must not touch is told by the model. */
export const collecting = () => ({
  'collector.interval': '100ms',
  // On MongoDB the shortest that there is.
  'collector.grace': engineName() === 'SQLite' ? '500ms' : '20s',
  'retention.content': '0s',
  'retention.expunged': '2s',
})

/** A server of the crash test; `options` say more, such as what it runs under. */
export function startOn({ data }: Pick<Run, 'data'>, options: ServerOptions = {}): Promise<TestServer> {
  return startServer({ dir: data, set: collecting(), ...options })
}

export interface Run {
  readonly data: string
  readonly shared: Shared
  readonly workers: readonly Worker[]
}

export async function prepare(seed: number): Promise<Run> {
  const random = new Random(seed)
  const accounts = accountsFor(ACCOUNTS, CLIENTS)
  const shared = {
    model: new Model(),
    ledger: new UidLedger(),
    messages: new MessageLog(random),
    accounts,
    random,
  }
  const workers = accounts.flatMap((account) =>
    account.owners.map((number) => new Worker(shared, number, account)),
  )
  const data = newDataFolder()
  const server = await startOn({ data })
  await createWorld(server, accounts)
  const run = { data, shared, workers }
  const problems = await compare(run, server)
  if (problems.length > 0) throw new Error(problems.join('\n'))
  await server.kill()
  return run
}

/** What the server says is there, held against what it acknowledged. */
export async function compare({ shared, workers }: Run, server: TestServer): Promise<string[]> {
  const { model, ledger, messages, accounts } = shared
  const { found, problems } = await readWorld(server.listeners.imap, accounts, messages, ledger)
  const pending = workers.flatMap((worker) => worker.pending ?? [])
  return [...problems, ...model.settle(found, pending), ...ledger.problems.splice(0)]
}

/** Until a moment picked at random; what the clients must not have heard is a problem. */
export async function letLoose({ shared, workers }: Run, server: TestServer): Promise<string[]> {
  let waiting = workers.length
  let allStarted = () => {}
  const started = new Promise<void>((resolve) => {
    allStarted = resolve
  })
  const runs = workers.map((worker) => worker.run(server.listeners, () => --waiting === 0 && allStarted()))
  const finished = Promise.allSettled(runs)
  await Promise.race([started, finished])
  await sleep(shared.random.between(0, LONGEST_RUN))
  await server.kill()
  const outcomes = await finished
  const failed = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason] : []))
  const errors = server
    .log()
    .split('\n')
    .filter((line) => line.includes('"level":"error"'))
  return [
    ...failed.map((reason: Error) => `client: ${reason.stack}`),
    ...errors.map((line) => `the log says ${line}`),
  ]
}

/** Whether its collector has removed anything. */
export const hasCollected = (server: TestServer): boolean => server.log().includes('"event":"collected"')

export async function findings(data: string): Promise<string[]> {
  const { code, stdout, stderr } = await runEider(['check', '--json', '--data', data])
  return code === 0 ? [] : [`eider check ended with ${code}: ${stdout} ${stderr}`]
}
