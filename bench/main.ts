// The benchmark's command line: measures the performance budget (docs/performance.md) on any number of mail servers, by
// their protocols alone, in one run with the servers taking turns, and prints one table. See --help.
import { writeFileSync } from 'node:fs'
import os from 'node:os'
import { parseArgs } from 'node:util'
import { Disk } from './disk.js'
import { Floor } from './floor.js'
import { ACCOUNT_COUNT, type Plan } from './plan.js'
import type { Row, Run } from './row.js'
import { ROWS } from './rows/index.js'
import { parseServer } from './server.js'
import { createAccounts } from './setup.js'
import { lines, markdown } from './table.js'
import { NotGiven, Target } from './target.js'

const HELP = `npm run bench -- --server NAME=imap://HOST:PORT[,PART…] … [NAME.PART …] [options]

A server's parts: imap://, imaps://, lmtp://HOST:PORT; http://HOST:PORT (creates the accounts there first); pid=N (CPU
and memory from /proc); password=…; login=user|address (default address); run:FILE (all of these from Eider's run.json).

  --rows all|NAME,…     ${ROWS.map((row) => row.name).join(' ')}
  --users PATTERN       user names, %d is the number (bench%d)
  --domain NAME         of their addresses (bench.example)
  --password TEXT       of all of them (bench-password)
  --scale N             multiplies the numbers of messages and connections (1); the goals hold for 1
  --goals WHICH         embedded|cluster: whose goals stand in the table (embedded)
  --floor URL           the MongoDB of the servers: measures what its cluster goals count from
  --disk DIR            a folder beside the servers' data: measures how long its disk takes to keep a delivery
  --seconds N           length of the rows that measure a rate (10)
  --long N              length of the row append-long (60; the budget says 600)
  --repeats N           instead of each row's own number of repeats
  --json FILE           writes every sample
  --setup --http URL    only creates the accounts of the first server

Start the servers afresh before a run whose memory rows count.
`

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rows: { type: 'string', default: 'all' },
    server: { type: 'string', multiple: true, default: [] },
    users: { type: 'string', default: 'bench%d' },
    domain: { type: 'string', default: 'bench.example' },
    password: { type: 'string', default: 'bench-password' },
    scale: { type: 'string', default: '1' },
    goals: { type: 'string', default: 'embedded' },
    floor: { type: 'string' },
    disk: { type: 'string' },
    seconds: { type: 'string', default: '10' },
    long: { type: 'string', default: '60' },
    repeats: { type: 'string' },
    json: { type: 'string' },
    setup: { type: 'boolean', default: false },
    http: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
})

function positive(name: string, text: string): number {
  const value = Number(text)
  if (!(value > 0)) throw new Error(`--${name} must be a number above 0: ${text}`)
  return value
}

const plan: Plan = {
  users: values.users,
  domain: values.domain,
  password: values.password,
  scale: positive('scale', values.scale),
  goals: values.goals === 'cluster' ? 'cluster' : 'embedded',
  seconds: positive('seconds', values.seconds),
  longSeconds: positive('long', values.long),
  run: Date.now().toString(36),
}

function chosenRows(): readonly Row[] {
  if (values.rows === 'all') return ROWS
  return values.rows.split(',').map((name) => {
    const row = ROWS.find((one) => one.name === name)
    if (!row) throw new Error(`no row ${name}; there are: ${ROWS.map((one) => one.name).join(' ')}`)
    return row
  })
}

function progress(text: string): void {
  process.stderr.write(`${new Date().toISOString().slice(11, 19)} ${text}\n`)
}

const floor = values.floor === undefined ? undefined : new Floor(values.floor)
const disk = values.disk === undefined ? undefined : new Disk(values.disk)

/** Runs one row on all servers, which take turns at each repeat; what fails is noted and ends that server's part only. */
async function runRow(row: Row, targets: readonly Target[], failures: Map<string, Error>): Promise<void> {
  const runs = new Map<Target, Run>()
  const attempt = async (target: Target, step: string, body: () => Promise<void>): Promise<void> => {
    const key = `${row.name} ${target.server.name}`
    if (failures.has(key)) return
    progress(`${row.name}: ${target.server.name}: ${step}`)
    try {
      await body()
    } catch (error) {
      const failure = error instanceof Error ? error : new Error(String(error))
      failures.set(key, failure)
      progress(`not measured: ${key}: ${failure.message}`)
    }
  }
  for (const target of targets) {
    await attempt(target, 'prepare', async () => {
      runs.set(target, await row.begin(target))
    })
  }
  const given = values.repeats === undefined ? row.repeats : positive('repeats', values.repeats)
  const repeats = row.once ? 1 : given
  for (let repeat = 0; repeat < repeats; repeat++) {
    disk?.measure(row.name)
    const turn = repeat % 2 === 0 ? targets : [...targets].reverse()
    for (const target of turn)
      await attempt(target, `measure ${repeat + 1}`, async () => {
        const run = runs.get(target)
        if (repeat === 0) await run?.warmUp?.()
        await run?.measure()
      })
    if (row.floor !== undefined) await floor?.measure(row.floor, plan.seconds)
  }
  for (const target of targets) await attempt(target, 'end', async () => runs.get(target)?.end?.())
}

async function prepareAccounts(targets: readonly Target[]): Promise<void> {
  const numbers = Array.from({ length: ACCOUNT_COUNT }, (_, at) => at + 1)
  for (const target of targets) {
    const base = values.http ?? target.server.http
    if (base !== undefined) await createAccounts(target, base, numbers)
    if (values.setup) return
  }
}

async function main(): Promise<void> {
  if (values.help || values.server.length === 0) {
    process.stdout.write(HELP)
    return
  }
  const targets = values.server.map((text) => new Target(parseServer(text, positionals), plan))
  await prepareAccounts(targets)
  if (values.setup) return
  const rows = chosenRows()
  const failures = new Map<string, Error>()
  const started = new Date().toISOString()
  for (const row of rows) await runRow(row, targets, failures)
  for (const target of targets) await target.deleteFilled()
  const floorOf = (connections: number) => floor?.rate(connections)
  const names = targets.map((target) => target.server.name)
  const result = lines(rows, targets, plan, failures, floorOf)
  const machine = `${os.cpus().length} × ${os.cpus()[0]?.model.trim()}, Node.js ${process.version}`
  const command = `npm run bench -- ${process.argv.slice(2).join(' ')}`
  process.stdout.write(`${markdown(result, names)}\n\n${started}, ${machine}, scale ${plan.scale}.\n`)
  process.stdout.write('To goal: 1 is the goal, more is better than it. The goals hold for scale 1.\n')
  if (disk !== undefined) process.stdout.write(`${disk}\n`)
  for (const [where, why] of failures) process.stdout.write(`Not measured: ${where}: ${why.message}\n`)
  if (values.json !== undefined) {
    const all = {
      started,
      machine,
      command,
      plan: { ...plan, password: undefined },
      servers: names,
      disk: disk?.toString(),
      lines: result,
    }
    writeFileSync(values.json, `${JSON.stringify(all, null, 2)}\n`)
  }
  await floor?.close()
  disk?.close()
  if ([...failures.values()].some((why) => !(why instanceof NotGiven))) process.exitCode = 1
}

await main()
