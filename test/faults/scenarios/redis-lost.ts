// Redis killed, restarted, standing still, and flushed all the time: it holds nothing that may not be lost, so deliveries
// and commands go on as if nothing had happened.

import { setTimeout as sleep } from 'node:timers/promises'
import { createClient } from '@redis/client'
import type { Scenario } from '../scenario.js'

/** No delivery waits longer than this for a Redis that is not there. */
const SILENCE_MS = 3_000

export const redisLost: Scenario = {
  name: 'redis-lost',
  title: 'Redis killed, restarted, paused and flushed',
  members: 1,
  async play({ stage, full, measured }) {
    await stage.addInstance()
    await stage.addInstance()
    const load = await stage.startLoad()
    await sleep(2_000)
    const ms = full ? 20_000 : 3_000
    const during = async (what: string, fault: () => Promise<void>) => {
      const since = performance.now()
      await fault()
      const { silenceMs, early } = load.outage(since, performance.now())
      measured(`${what}: longest time without a delivery to an account`, silenceMs)
      if (!(silenceMs <= SILENCE_MS) || early > 0)
        stage.problems.push(`${what}: ${silenceMs} ms without a delivery, ${early} put off`)
      stage.problems.push(...(await load.allGoOn(since)))
    }
    await during(`killed for ${ms / 1000} s`, async () => {
      await stage.redis.kill()
      await sleep(ms)
    })
    await during('restarted, empty', async () => {
      await stage.redis.start()
      await sleep(ms / 2)
    })
    await during(`standing still for ${ms / 1000} s`, async () => {
      stage.redis.pause()
      await sleep(ms)
      stage.redis.resume()
      await sleep(1_000)
    })
    await during('flushed all the time', () => flush(stage.redis.url, ms))
    return load
  },
}

async function flush(url: string, ms: number): Promise<void> {
  const client = createClient({ url })
  client.on('error', () => {})
  await client.connect()
  const until = performance.now() + ms
  while (performance.now() < until) {
    await client.flushAll()
    await sleep(5)
  }
  client.destroy()
}
