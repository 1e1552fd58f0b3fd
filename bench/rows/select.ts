// SELECT of a large mailbox: the first in a session, on a new connection after a message arrived; and again in it.
import { thousands } from '../plan.js'
import type { Row } from '../row.js'
import { expectCount } from '../target.js'
import { largeCount, largeMailbox } from './large-mailbox.js'

const AGAIN = 10
/** Nobody's figures: a server that has been up for a while has compiled what it does all the time. */
const WARM_UP = 200

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
    for (let i = 0; i < WARM_UP; i++) await writer.select(i % 2 === 0 ? 'INBOX' : mailbox.name)
    let expected = await writer.count(mailbox.name)
    return {
      async measure() {
        await writer.append(mailbox.name, target.message())
        expected++
        const connection = await target.open(mailbox.account)
        const first = await target.timed('select.first', 1, () => connection.select(mailbox.name))
        expectCount('EXISTS', first, expected)
        for (let i = 0; i < AGAIN; i++) {
          await connection.select('INBOX')
          await target.timed('select.again', 1, () => connection.select(mailbox.name))
        }
        expectCount('EXISTS', connection.messages, expected)
        await connection.logout()
      },
      end: () => writer.logout(),
    }
  },
}
