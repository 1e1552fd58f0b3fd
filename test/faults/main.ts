// `npm run test:faults [-- --short] [--only NAME,…] [--seed N]`: servers on MongoDB and Redis under load while an instance,
// the primary, Redis, or the way to them fails. Acknowledged and lost: 0, doubled: 0; and the time until deliveries go on.

import { parseArgs } from 'node:util'
import { type ReplicaSet, startReplicaSet } from '../support/mongod.js'
import { havePrograms } from '../support/programs.js'
import type { Scenario } from './scenario.js'
import { answersLost } from './scenarios/answers-lost.js'
import { cutOff } from './scenarios/cut-off.js'
import { instanceKilled } from './scenarios/instance-killed.js'
import { mongodbAway } from './scenarios/mongodb-away.js'
import { primaryKilled, primaryPaused } from './scenarios/primary-lost.js'
import { redisLost } from './scenarios/redis-lost.js'
import { Stage } from './stage.js'

const SCENARIOS: readonly Scenario[] = [
  instanceKilled,
  redisLost,
  mongodbAway,
  cutOff,
  answersLost,
  primaryKilled,
  primaryPaused,
]
const STORE_TIMEOUT_MS = 10_000
/** Whatever failed is got over by then. */
const MOST_MS = 60_000
/** Seconds: as MongoDB comes; a server that starts brings it down. */
const TRANSACTION_LIFETIME = 60

const { values } = parseArgs({
  options: { short: { type: 'boolean' }, only: { type: 'string' }, seed: { type: 'string' } },
})
const full = values.short !== true
const seed = Number(values.seed ?? Date.now() % 2 ** 31)
const only = values.only?.split(',')
const sets = new Map<number, ReplicaSet>()
/** In any scenario: a single one may be too short for a round, where who was killed held the collector's lease. */
let collected = false

async function setOf(members: 1 | 3): Promise<ReplicaSet> {
  const set =
    sets.get(members) ?? (await startReplicaSet({ members, transactionLifetime: TRANSACTION_LIFETIME }))
  sets.set(members, set)
  return set
}

async function play(scenario: Scenario): Promise<readonly string[]> {
  const storeTimeout = scenario.storeTimeout?.(full) ?? STORE_TIMEOUT_MS
  const stage = await Stage.open({ set: await setOf(scenario.members), seed, storeTimeout })
  try {
    const load = await scenario.play({
      stage,
      full,
      measured: (what, ms, most = MOST_MS) => {
        console.log(`  ${what}: ${Math.round(ms)} ms`)
        if (!(ms <= most)) stage.problems.push(`${what}: ${ms} ms, and not ${most} at the most`)
      },
      told: (line) => console.log(line),
    })
    await stage.settle(load)
    collected ||= stage.hasCollected
    const read = load.readers.reduce((sum, { messages }) => sum + messages, 0)
    console.log(
      `  acknowledged ${load.acknowledged}, not known ${load.unsettled().length}; UIDs read ${read}`,
    )
  } catch (error) {
    stage.problems.push((error as Error).stack ?? String(error))
  } finally {
    if (stage.problems.length > 0) for (const reason of stage.reasons()) console.log(`  ${reason}`)
    await stage.close()
  }
  return stage.problems
}

async function main(): Promise<void> {
  if (!havePrograms(['mongod', 'redis-server'], 'test:faults')) return
  console.log(`faults: ${full ? 'in full' : 'short'}, --seed ${seed}`)
  let passed = 0
  let failed = 0
  try {
    for (const scenario of SCENARIOS.filter(({ name }) => only?.includes(name) ?? true)) {
      console.log(`${scenario.name}: ${scenario.title}`)
      const begun = performance.now()
      const problems = await play(scenario)
      problems.length === 0 ? passed++ : failed++
      const verdict = problems.length === 0 ? 'ok' : `FAILED: ${problems.length} problems`
      console.log(`  ${verdict}, in ${Math.round((performance.now() - begun) / 1000)} s`)
      for (const problem of problems.slice(0, 20)) console.log(`    ${problem}`)
    }
  } finally {
    await Promise.all([...sets.values()].map((set) => set.dispose()))
  }
  if (!collected && only === undefined) {
    failed++
    console.log('no collector has removed anything: this has shown nothing of it')
  }
  console.log(`${passed} passed, ${failed} failed`)
  process.exitCode = failed === 0 && passed > 0 ? 0 : 1
}

await main()
