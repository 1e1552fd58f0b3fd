// The primary of three is killed, or stands still for a while and then believes for a moment that it is the primary yet:
// nothing acknowledged is lost, and nobody is shown a UID that is then another message's.

import { setTimeout as sleep } from 'node:timers/promises'
import type { Load } from '../load.js'
import type { Play, Scenario } from '../scenario.js'

export const primaryKilled: Scenario = {
  name: 'primary-killed',
  title: 'kill -9 of the primary of three',
  members: 3,
  async play(play) {
    const load = await begin(play)
    for (let kill = 1; kill <= (play.full ? 5 : 1); kill++) {
      const primary = await play.stage.set.primary()
      const since = performance.now()
      await primary.kill()
      await measure(play, load, `kill ${kill}`, since)
      await primary.start()
      await sleep(3_000)
    }
    return load
  },
}

export const primaryPaused: Scenario = {
  name: 'primary-paused',
  title: 'SIGSTOP of the primary of three',
  members: 3,
  async play(play) {
    const load = await begin(play)
    for (let stop = 1; stop <= (play.full ? 3 : 1); stop++) {
      const ms = play.full ? 20_000 : 8_000
      const primary = await play.stage.set.primary()
      const since = performance.now()
      primary.pause()
      try {
        const measured = measure(play, load, `stop ${stop}, of ${ms / 1000} s`, since)
        await Promise.all([measured, sleep(ms)])
      } finally {
        primary.resume()
      }
      const resumed = performance.now()
      await sleep(3_000)
      play.stage.problems.push(...(await load.allGoOn(resumed)))
    }
    return load
  },
}

async function begin({ stage }: Play): Promise<Load> {
  await stage.addInstance()
  await stage.addInstance()
  const load = await stage.startLoad()
  await sleep(3_000)
  return load
}

async function measure({ stage, measured, told }: Play, load: Load, what: string, since: number) {
  measured(`${what}: all accounts take mail again after`, await load.resumed(since))
  stage.problems.push(...(await load.allGoOn(since)))
  const { putOff, longestMs, silenceMs } = load.outage(since, performance.now())
  told(
    `  put off ${putOff}, longest answer ${Math.round(longestMs)} ms, longest silence ${Math.round(silenceMs)} ms`,
  )
}
