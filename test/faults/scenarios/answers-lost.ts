// The answers to commits are lost on the wire, with the connection or in silence, or MongoDB itself says that it does not
// know: what was asked for is there exactly once, and whoever asked is told so.

import { setTimeout as sleep } from 'node:timers/promises'
import type { Load } from '../load.js'
import { type Rules, startMongoProxy } from '../mongo-proxy.js'
import type { Play, Scenario } from '../scenario.js'

const COMMIT = 'commitTransaction'
/** Of MongoDB: the primary was asked to step down while it waited for the majority. */
const INTERRUPTED = 11602
/** Between two failures: the load needs time to go on. */
const AGAIN_MS = 400

export const answersLost: Scenario = {
  name: 'answers-lost',
  title: 'The answer to a commit is lost',
  members: 1,
  async play(play) {
    const { stage, full } = play
    const proxy = await startMongoProxy(stage.memberPort)
    stage.closing(() => proxy.close())
    for (let n = 0; n < 2; n++) await stage.addInstance({ 'store.url': stage.urlThrough(proxy.port) })
    const load = await stage.startLoad()
    await sleep(1_000)
    const ms = full ? 30_000 : 5_000
    const wire = async (rules: Rules) => {
      proxy.rules = rules
      await sleep(ms)
      proxy.rules = {}
    }
    await during(play, load, 'one answer in eight cut, with its connection', true, () =>
      wire(losing('cut', 8, play)),
    )
    await during(play, load, 'one answer in twenty lost in silence', true, () =>
      wire(losing('drop', 20, play)),
    )
    await during(
      play,
      load,
      'MongoDB answers a commit by an error after it was done, again and again',
      true,
      () => failing(play, ms, { writeConcernError: { code: INTERRUPTED, errmsg: 'told to' } }),
    )
    await during(play, load, 'MongoDB ends a connection instead of committing, again and again', true, () =>
      failing(play, ms, { closeConnection: true }),
    )
    await during(play, load, 'no answer at all, for longer than store.timeout', false, async () => {
      proxy.rules = { reply: (command) => (command === COMMIT ? 'cut' : 'pass') }
      await sleep(stage.storeTimeout + 2_000)
      proxy.rules = {}
    })
    return load
  },
}

/** The n-th answer to a commit is lost, and so on. */
function losing(how: 'cut' | 'drop', every: number, { stage }: Play): Rules {
  let commits = 0
  let lost = 0
  stage.closing(async () => {
    if (lost === 0) stage.problems.push(`no answer was lost (${how}): this has shown nothing`)
  })
  return {
    reply(command) {
      if (command !== COMMIT || ++commits % every > 0) return 'pass'
      lost++
      return how
    },
  }
}

async function failing({ stage }: Play, ms: number, how: Record<string, unknown>): Promise<void> {
  /** How often it had failed until then, since MongoDB was started. */
  const set = async (mode: unknown): Promise<number> => {
    const { count } = await stage.admin((client) =>
      client.db('admin').command({
        configureFailPoint: 'failCommand',
        mode,
        ...(mode === 'off' ? {} : { data: { failCommands: [COMMIT], appName: 'eider', ...how } }),
      }),
    )
    return Number(count)
  }
  const before = await set('off')
  for (const until = performance.now() + ms; performance.now() < until; await sleep(AGAIN_MS))
    await set({ times: 1 })
  const failed = (await set('off')) - before
  if (!(failed > 0)) stage.problems.push(`no commit failed (${JSON.stringify(how)}): this has shown nothing`)
}

/** `all`: nobody is put off while there is time to ask again. */
async function during(
  { stage, measured, told }: Play,
  load: Load,
  what: string,
  all: boolean,
  fault: () => Promise<void>,
) {
  const since = performance.now()
  await fault()
  const ended = performance.now()
  const resumed = await load.resumed(ended)
  const { putOff, early, silenceMs } = load.outage(since, ended)
  measured(`${what}: longest time without a delivery to an account`, silenceMs)
  measured('  afterwards all accounts take mail after', resumed)
  if (putOff > 0) told(`  ${putOff} were put off, ${early} of them early`)
  if (all && early > 0) stage.problems.push(`${what}: ${early} were put off early`)
  stage.problems.push(...(await load.allGoOn(ended)))
}
