// `npm run test:crash -- --kills 100 [--seed N] [--engine mongo]`: SIGKILL at random moments while 8 clients APPEND, LMTP, SMTP, COPY,
// MOVE, STORE and EXPUNGE; after each restart every acknowledged change is there and nothing else is half there.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { rmSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { cleanEnvironment, MAIN, type TestServer } from '../server.js'
import { engineName, placeOf, settings } from '../support/engine.js'
import { disposeOwnSet } from '../support/mongod.js'
import { CLIENTS, compare, findings, hasCollected, letLoose, prepare, type Run, startOn } from './run.js'

/** One kill in six is followed by another during the start, at most this many ms into it. */
const LONGEST_START = 800

const FREE_PORTS = ['imap', 'imaps', 'smtp', 'lmtp', 'http'].flatMap((name) => [
  '--set',
  `${name}.listen=127.0.0.1:0`,
])

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { kills: { type: 'string' }, seed: { type: 'string' }, engine: { type: 'string' } },
  })
  if (values.engine === 'mongo') process.env['EIDER_TEST_ENGINE'] = 'MongoDB'
  const kills = Number(values.kills ?? 20)
  const seed = Number(values.seed ?? Date.now() % 2 ** 31)
  console.log(`crash on ${engineName()}: ${kills} kills, ${CLIENTS} clients, --seed ${seed}`)
  const run = await prepare(seed)
  let passed = 0
  let failed = 0
  let collected = false
  let server = await startOn(run)
  for (let kill = 1; kill <= kills; kill++) {
    const { restarted, problems } = await killAndRestart(run, server)
    problems.length === 0 ? passed++ : failed++
    report(kill, kills, run, problems)
    collected ||= hasCollected(server)
    if (restarted === undefined) break
    server = restarted
  }
  await server.stop()
  if (!collected && !hasCollected(server)) {
    failed++
    console.log('the collector has removed nothing: this has shown nothing of it')
  }
  console.log(`${passed} passed, ${failed} failed`)
  if (failed === 0) rmSync(run.data, { recursive: true, force: true })
  else console.log(`the data folder is kept: ${run.data}`)
  await (await placeOf(run.data)).remove()
  await disposeOwnSet()
  process.exitCode = failed === 0 ? 0 : 1
}

/** No server where it could not be started or read again: that is a problem too. */
async function killAndRestart(run: Run, server: TestServer) {
  const problems = await letLoose(run, server)
  let restarted: TestServer | undefined
  try {
    problems.push(...(await findings(run.data)))
    if (run.shared.random.chance(1 / 6)) await killAtStart(run)
    restarted = await startOn(run)
    problems.push(...(await compare(run, restarted)))
    return { restarted, problems }
  } catch (error) {
    await restarted?.kill()
    return { restarted: undefined, problems: [...problems, `${(error as Error).stack}`] }
  }
}

async function killAtStart({ data, shared }: Run): Promise<void> {
  const { set } = await placeOf(data)
  const child = spawn(process.execPath, [MAIN, 'serve', '--data', data, ...FREE_PORTS, ...settings(set)], {
    env: cleanEnvironment(),
    stdio: 'ignore',
  })
  const exited = once(child, 'exit')
  await sleep(shared.random.between(0, LONGEST_START))
  child.kill('SIGKILL')
  await exited
}

function report(kill: number, kills: number, { workers }: Run, problems: readonly string[]): void {
  const acknowledged = workers.reduce((sum, worker) => sum + worker.acknowledged, 0)
  const verdict = problems.length === 0 ? 'ok' : 'FAILED'
  console.log(`kill ${kill} of ${kills}: ${verdict}, ${acknowledged} changes acknowledged so far`)
  for (const problem of problems.slice(0, 20)) console.log(`  ${problem}`)
}

await main()
