// STORE of a flag on every message of a large mailbox, and what it costs others: how much longer than at rest the
// slowest APPEND of another account takes meanwhile.
import type { ImapConnection } from '../imap-connection.js'
import { Latencies, pause, sustain } from '../latency.js'
import { ACCOUNTS, thousands } from '../plan.js'
import type { Row } from '../row.js'
import { expectCount, type Target } from '../target.js'
import { largeCount, largeMailbox, openSelected } from './large-mailbox.js'

/** Appends until `stop` is called; then resolves with the latencies. */
function disturbed(target: Target, connection: ImapConnection, mailbox: string): () => Promise<Latencies> {
  const latencies = new Latencies()
  let on = true
  const loop = (async () => {
    while (on) {
      const start = performance.now()
      await connection.append(mailbox, target.message())
      latencies.add(performance.now() - start)
    }
  })()
  return async () => {
    on = false
    await loop
    return latencies
  }
}

export const store: Row = {
  name: 'store',
  repeats: 9,
  figures: (plan) => [
    {
      key: 'store',
      label: `STORE 1:${thousands(largeCount(plan))} +FLAGS`,
      unit: 'ms',
      goal: 50,
      clusterGoal: 200,
      better: 'less',
    },
    {
      key: 'store.delay',
      label: '… delay of another account’s APPEND meanwhile',
      unit: 'ms',
      goal: 25,
      better: 'less',
    },
  ],
  async begin(target) {
    const mailbox = await largeMailbox(target)
    const connection = await openSelected(target, mailbox)
    const bystander = await target.open(ACCOUNTS.bystander)
    const elsewhere = target.mailbox('bystander')
    await bystander.command(`CREATE ${elsewhere}`)
    const all = connection.messages
    return {
      async measure() {
        const fetches = connection.scanner.fetches
        await target.timed('store', 1, () => connection.command('STORE 1:* +FLAGS (\\Flagged)'))
        expectCount('FETCH responses', connection.scanner.fetches - fetches, all)
        const rest = await sustain([() => bystander.append(elsewhere, target.message())], 0.5)
        const stop = disturbed(target, bystander, elsewhere)
        await pause(20)
        await connection.command('STORE 1:* -FLAGS (\\Flagged)')
        const meanwhile = await stop()
        target.record('store.delay', Math.max(0, meanwhile.percentile(1) - rest.latencies.percentile(0.5)))
      },
      async end() {
        await bystander.command(`DELETE ${elsewhere}`)
        await bystander.logout()
        await connection.logout()
      },
    }
  },
}
