// NOOP of another account while one session STOREs and FETCHes 50,000 messages without a pause.
import { Latencies, pause } from '../latency.js'
import { ACCOUNTS, thousands } from '../plan.js'
import type { Row } from '../row.js'
import { largeCount, largeMailbox, openSelected } from './large-mailbox.js'

const EVERY_MS = 5

export const noopElsewhere: Row = {
  name: 'noop-elsewhere',
  repeats: 3,
  figures: (plan) => [
    {
      key: 'noop.p99',
      label: `NOOP elsewhere while ${thousands(largeCount(plan))} are stored and fetched, 99th percentile`,
      unit: 'ms',
      goal: 50,
      better: 'less',
    },
    { key: 'noop.max', label: '… slowest', unit: 'ms', better: 'less' },
  ],
  async begin(target) {
    const busy = await openSelected(target, await largeMailbox(target))
    const bystander = await target.open(ACCOUNTS.bystander)
    await bystander.select('INBOX')
    return {
      async measure() {
        const end = performance.now() + Math.min(target.plan.seconds, 5) * 1000
        const latencies = new Latencies()
        const load = (async () => {
          for (let sign = '+'; performance.now() < end; sign = sign === '+' ? '-' : '+') {
            await busy.command(`STORE 1:* ${sign}FLAGS (\\Answered)`)
            await busy.command('FETCH 1:* (FLAGS)')
          }
        })()
        while (performance.now() < end) {
          const start = performance.now()
          await bystander.command('NOOP')
          latencies.add(performance.now() - start)
          await pause(EVERY_MS)
        }
        await load
        target.record('noop.p99', latencies.percentile(0.99))
        target.record('noop.max', latencies.percentile(1))
      },
      async end() {
        await busy.logout()
        await bystander.logout()
      },
    }
  },
}
