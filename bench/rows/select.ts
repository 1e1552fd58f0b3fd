// SELECT of a large mailbox: the first in a session, on a new connection after a message arrived; and again in it.
import { thousands } from '../plan.js'
import type { Row } from '../row.js'
import { expectCount } from '../target.js'
import { largeCount, largeMailbox, warmUp } from './large-mailbox.js'

const AGAIN = 200
const WARM_UP = 5000

export const select: Row = {
  name: 'select',
  repeats: 5,
  figures: (plan) => [
    {
      key: 'select.first',
      label: `SELECT ${thousands(largeCount(plan))}, first in a session`,
      unit: 'ms',
      goal: 7,
      clusterGoal: 25,
      better: 'less',
    },
    { key: 'select.again', label: '… again', unit: 'ms', goal: 1, clusterGoal: 5, better: 'less' },
  ],
  async begin(target) {
    const mailbox = await largeMailbox(target)
    const writer = await target.open(mailbox.account)
    let expected = await writer.count(mailbox.name)
    return {
      warmUp: () => warmUp(target, `SELECT ${mailbox.name}`, WARM_UP),
      async measure() {
        await writer.append(mailbox.name, target.message())
        expected++
        const connection = await target.open(mailbox.account)
        const first = await target.timed('select.first', 1, () => connection.select(mailbox.name))
        expectCount('EXISTS', first, expected)
        // Its processor time is read around them all: looking at /proc before each would let the server go cold.
        await target.costed('select.again', AGAIN, async () => {
          for (let i = 0; i < AGAIN; i++) {
            const start = performance.now()
            await connection.select(mailbox.name)
            target.record('select.again', performance.now() - start)
          }
        })
        expectCount('EXISTS', connection.messages, expected)
        await connection.logout()
      },
      end: () => writer.logout(),
    }
  },
}
