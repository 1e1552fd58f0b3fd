// An instance cut from Redis only, and from MongoDB only, by a proxy of the test's own which refuses or swallows: cut from
// Redis it serves all the same; cut from MongoDB it says so, and the others go on.

import { setTimeout as sleep } from 'node:timers/promises'
import type { Load } from '../load.js'
import { startMongoProxy } from '../mongo-proxy.js'
import type { Play, Scenario } from '../scenario.js'
import type { Instance } from '../stage.js'
import { TcpProxy, type Way } from '../tcp-proxy.js'

/** What the others' accounts may wait for what the instance held when it was cut off. */
const ELSEWHERE_MS = 5_000
/** From when the instance has MongoDB back. */
const BACK_MS = 10_000
const WITHOUT_REDIS_MS = 3_000
const SETTLED_MS = 6_000

export const cutOff: Scenario = {
  name: 'cut-off',
  title: 'An instance cut from Redis only, and from MongoDB only',
  members: 1,
  storeTimeout: (full) => (full ? 10_000 : 3_000),
  async play(play) {
    const { stage } = play
    const toMongo = await startMongoProxy(stage.memberPort)
    const toRedis = await TcpProxy.start(stage.redis.port)
    stage.closing(() => toMongo.close())
    stage.closing(() => toRedis.close())
    const cut = await stage.addInstance({
      'store.url': stage.urlThrough(toMongo.port),
      'bus.url': `redis://127.0.0.1:${toRedis.port}`,
    })
    await stage.addInstance()
    const load = await stage.startLoad()
    await sleep(2_000)
    for (const way of ['refused', 'silent'] as const) {
      await fromRedis(play, load, cut, toRedis, way)
      await fromMongo(play, load, cut, toMongo, way)
    }
    return load
  },
}

async function fromRedis(
  play: Play,
  load: Load,
  cut: Instance,
  proxy: { set(way: Way): Promise<void> },
  way: Way,
) {
  const { stage, full, measured } = play
  const since = performance.now()
  await proxy.set(way)
  await expectReady(play, cut, `cut from Redis (${way})`, { status: 200, store: 'ok', bus: 'away' })
  await sleep(full ? 15_000 : 1_000)
  const { silenceMs, early } = load.outage(since, performance.now())
  measured(`cut from Redis (${way}): longest time without a delivery to an account`, silenceMs)
  if (!(silenceMs <= WITHOUT_REDIS_MS) || early > 0)
    stage.problems.push(`cut from Redis (${way}): ${silenceMs} ms without a delivery, ${early} put off`)
  await proxy.set('open')
  await expectReady(play, cut, 'Redis is back', { status: 200, store: 'ok', bus: 'ok' })
}

async function fromMongo(
  play: Play,
  load: Load,
  cut: Instance,
  proxy: { set(way: Way): Promise<void> },
  way: Way,
) {
  const { stage, full, measured } = play
  // Whoever delivers finds the other instance, as through a balancer that asks /readyz.
  for (const sender of load.senders) sender.only = 1
  const since = performance.now()
  await proxy.set(way)
  const elsewhere = await load.resumed(since)
  measured(`cut from MongoDB (${way}): all accounts take mail elsewhere after`, elsewhere, ELSEWHERE_MS)
  await expectReady(play, cut, `cut from MongoDB (${way})`, { status: 503, bus: 'ok' })
  await sleep(full ? 15_000 : 3_000)
  await proxy.set('open')
  for (const sender of load.senders) sender.only = 0
  const back = performance.now()
  const resumed = await load.resumed(back)
  measured('MongoDB is back: all accounts take mail through the instance after', resumed, BACK_MS)
  stage.problems.push(...(await load.allGoOn(back)))
  await expectReady(play, cut, 'MongoDB is back', { status: 200, store: 'ok', bus: 'ok' })
  for (const sender of load.senders) sender.only = undefined
}

/** /readyz says so soon; else it is a problem. */
async function expectReady(
  { stage, measured }: Play,
  { server }: Instance,
  when: string,
  expected: { readonly status: number; readonly store?: string; readonly bus: string },
): Promise<void> {
  const since = performance.now()
  let last = ''
  while (performance.now() - since < SETTLED_MS) {
    const response = await server.http('/readyz')
    const body = (await response.json()) as Record<string, unknown>
    const said: Record<string, unknown> = { ...body, status: response.status }
    last = JSON.stringify(said)
    if (Object.entries(expected).every(([key, value]) => said[key] === value)) {
      measured(`${when}: /readyz says so after`, performance.now() - since)
      return
    }
    await sleep(20)
  }
  stage.problems.push(`${when}: /readyz says ${last}`)
}
