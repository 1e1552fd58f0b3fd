// kill -9 of an instance in the middle of its transactions: all accounts are held by what it leaves behind, and take mail
// through the other instance within 5 s.

import { setTimeout as sleep } from 'node:timers/promises'
import { startMongoProxy } from '../mongo-proxy.js'
import type { Play, Scenario } from '../scenario.js'
import type { Instance } from '../stage.js'

const WITHIN_MS = 5_000
/** Until each account is in a transaction that does not end. */
const HOLD_MS = 1_000

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
      await next.hold()
      const open = await stage.admin(async (client) => {
        const { transactions } = await client.db('admin').command({ serverStatus: 1 })
        return Number(transactions.currentOpen)
      })
      if (open === 0) stage.problems.push('no transaction was open: this killed nothing')
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

async function addVictim({ stage }: Play): Promise<{ instance: Instance; hold(): Promise<void> }> {
  const proxy = await startMongoProxy(stage.memberPort)
  stage.closing(() => proxy.close())
  const instance = await stage.addInstance({ 'store.url': stage.urlThrough(proxy.port) })
  return {
    instance,
    /** From now on it commits nothing: what it begins holds its accounts. */
    async hold() {
      proxy.rules = { request: (command) => (command === 'commitTransaction' ? 'keep' : 'pass') }
      await sleep(HOLD_MS)
    },
  }
}
