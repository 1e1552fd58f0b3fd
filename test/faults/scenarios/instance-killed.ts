// kill -9 of an instance in the middle of its transactions: all accounts are held by what it leaves behind, and take mail
// through the other instance within 5 s.

import { setTimeout as sleep } from 'node:timers/promises'
import { startMongoProxy } from '../mongo-proxy.js'
import type { Play, Scenario } from '../scenario.js'
import type { Instance } from '../stage.js'

const WITHIN_MS = 5_000
/** Until each account is in a transaction that does not end. */
const HOLD_MS = 1_000
/** Until any is, on a machine that does much else. */
const PATIENCE_MS = 10_000

export const instanceKilled: Scenario = {
  name: 'instance-killed',
  title: 'kill -9 of an instance in the middle of its transactions',
  members: 1,
  async play(play) {
    const { stage, full } = play
    await stage.addInstance()
    const victim = () => addVictim(play)
    let next = await victim()
    const load = await stage.startLoad()
    await sleep(2_000)
    for (let kill = 1; kill <= (full ? 8 : 2); kill++) {
      const open = await next.hold()
      if (open === 0) stage.problems.push('no transaction of it was open: this killed nothing')
      await stage.kill(next.instance)
      const killed = performance.now()
      const resumed = await load.resumed(killed)
      play.measured(
        `kill ${kill}, ${open} transactions open: all accounts take mail elsewhere after`,
        resumed,
        WITHIN_MS,
      )
      stage.problems.push(...(await load.allGoOn(killed)))
      next = await victim()
    }
    return load
  },
}

async function addVictim({ stage }: Play): Promise<{ instance: Instance; hold(): Promise<number> }> {
  const proxy = await startMongoProxy(stage.memberPort)
  stage.closing(() => proxy.close())
  const instance = await stage.addInstance({ 'store.url': stage.urlThrough(proxy.port) })
  return {
    instance,
    /** From now on it commits nothing: what it begins holds its accounts. Returns how many transactions that are. */
    async hold() {
      proxy.rules = { request: (command) => (command === 'commitTransaction' ? 'keep' : 'pass') }
      const until = performance.now() + PATIENCE_MS
      do await sleep(HOLD_MS)
      while (proxy.kept === 0 && performance.now() < until)
      return proxy.kept
    },
  }
}
