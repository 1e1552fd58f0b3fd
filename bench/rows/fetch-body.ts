// FETCH BODY.PEEK[] of 5,000 messages of 24,000 octets (against the cluster's goals, 1,000): whole messages, in
// megabytes a second.
import { ACCOUNTS, type Plan, scaled, thousands } from '../plan.js'
import type { Row } from '../row.js'
import { expectCount } from '../target.js'
import { openSelected } from './large-mailbox.js'

const SIZE = 24_000

const countOf = (plan: Plan): number => scaled(plan, plan.goals === 'cluster' ? 1000 : 5000)

export const fetchBody: Row = {
  name: 'fetch-body',
  // The first few read pages that have not been touched since they were written.
  repeats: 15,
  figures: (plan) => {
    const count = countOf(plan)
    const label = `FETCH BODY.PEEK[], ${thousands(count)} messages, ${Math.round((count * SIZE) / 1e6)} MB`
    return [{ key: 'fetch-body', label, unit: 'MB/s', goal: 600, clusterGoal: 60, better: 'more' }]
  },
  async begin(target) {
    const count = countOf(target.plan)
    const mailbox = await target.mailboxOf(ACCOUNTS.large, 'bodies', count, SIZE)
    const connection = await openSelected(target, mailbox)
    return {
      async measure() {
        connection.scanner.resetCounts()
        const start = performance.now()
        const took = await target.costed('fetch-body', count, async () => {
          await connection.command('FETCH 1:* (BODY.PEEK[])')
          return performance.now() - start
        })
        expectCount('octets of messages', connection.scanner.literalOctets, count * SIZE)
        target.record('fetch-body', (count * SIZE) / 1e6 / (took / 1000))
      },
      end: () => connection.logout(),
    }
  },
}
