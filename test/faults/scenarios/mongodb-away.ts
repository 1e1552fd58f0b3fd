// MongoDB away, killed or standing still: each protocol says so in its own words within store.timeout, nothing hangs,
// nothing exits, and all goes on when it is back.

import { setTimeout as sleep } from 'node:timers/promises'
import { type Answer, answers } from '../answers.js'
import type { Load } from '../load.js'
import type { Play, Scenario } from '../scenario.js'

/** Beyond store.timeout: what answers takes, on a machine that does much else. */
const SLACK_MS = 2_000
/** From when MongoDB is back, on a machine that does much else: a transaction that nobody ended would last for 60 s. */
const BACK_MS = 10_000

export const mongodbAway: Scenario = {
  name: 'mongodb-away',
  title: 'MongoDB away',
  members: 1,
  storeTimeout: (full) => (full ? 10_000 : 3_000),
  async play(play) {
    const { stage, full } = play
    await stage.addInstance()
    await stage.addInstance()
    const load = await stage.startLoad()
    await sleep(2_000)
    const [member] = stage.set.members
    if (member === undefined) throw new Error('no member')
    const ms = full ? 30_000 : 8_000
    await away(
      play,
      load,
      `killed for ${ms / 1000} s`,
      ms,
      () => member.kill(),
      () => member.start(),
    )
    await away(
      play,
      load,
      `standing still for ${ms / 1000} s`,
      ms,
      async () => member.pause(),
      async () => member.resume(),
    )
    return load
  },
}

async function away(
  play: Play,
  load: Load,
  what: string,
  ms: number,
  begin: () => Promise<void>,
  end: () => Promise<void>,
): Promise<void> {
  const { stage, measured, told } = play
  const sessions = await answers(stage)
  const since = performance.now()
  await begin()
  try {
    await Promise.all([sleep(ms), sessions.ask().then((all) => judge(play, what, all))])
  } finally {
    await end()
  }
  const back = performance.now()
  const resumed = await load.resumed(back)
  measured(`${what}: all accounts take mail, from when it is back, after`, resumed, BACK_MS)
  stage.problems.push(...(await load.allGoOn(back)))
  const { putOff, longestMs } = load.outage(since, back)
  told(`  ${putOff} deliveries put off with 451 4.3.0, the longest wait of one ${Math.round(longestMs)} ms`)
  sessions.close()
}

function judge({ stage, told }: Play, what: string, all: readonly Answer[]): void {
  for (const { asked, expected, answer, ms } of all) {
    told(`  ${asked}: ${answer} after ${Math.round(ms)} ms`)
    if (answer !== expected) stage.problems.push(`${what}: ${asked} was answered ${answer}, not ${expected}`)
    if (!(ms <= stage.storeTimeout + SLACK_MS))
      stage.problems.push(`${what}: ${asked} was answered after ${Math.round(ms)} ms`)
  }
}
