// Deliveries of 4 KB messages over LMTP, one at a time on each connection, each to one account of eight.
import { sustain } from '../latency.js'
import type { LmtpConnection } from '../lmtp-connection.js'
import { LOAD_ACCOUNTS } from '../plan.js'
import type { Row, Run } from '../row.js'
import { expectCount, type Target } from '../target.js'

async function inboxes(target: Target, accounts: readonly number[]): Promise<number> {
  let messages = 0
  for (const account of accounts) {
    const connection = await target.open(account)
    messages += await connection.count('INBOX')
    await connection.logout()
  }
  return messages
}

async function begin(target: Target, key: string, accounts: readonly number[]): Promise<Run> {
  const connections: LmtpConnection[] = []
  for (const _ of accounts) connections.push(await target.lmtp())
  const before = await inboxes(target, accounts)
  let delivered = 0
  const workers = connections.map((connection, at) => async () => {
    await connection.deliver(target.address(accounts[at] as number), target.message())
    delivered++
  })
  return {
    async warmUp() {
      await sustain(workers, target.plan.seconds)
    },
    async measure() {
      const { latencies, perSecond } = await target.costed(
        key,
        (done) => done.latencies.count,
        () => sustain(workers, target.plan.seconds),
      )
      target.record(key, perSecond)
      target.record(`${key}.p99`, latencies.percentile(0.99))
    },
    async end() {
      for (const connection of connections) connection.close()
      expectCount('messages delivered', (await inboxes(target, accounts)) - before, delivered)
    },
  }
}

function row(key: string, accounts: readonly number[], goal: number, ofFloor: number): Row {
  const label = `LMTP, ${accounts.length} connection${accounts.length === 1 ? '' : 's'}`
  return {
    name: key,
    repeats: 3,
    floor: accounts.length,
    figures: () => [
      { key, label, unit: '/s', goal, clusterGoal: { ofFloor }, better: 'more' },
      { key: `${key}.p99`, label: '… 99th percentile', unit: 'ms', better: 'less' },
    ],
    begin: (target) => begin(target, key, accounts),
  }
}

export const lmtp1 = row('lmtp-1', [LOAD_ACCOUNTS[0]], 1000, 0.35)
export const lmtp8 = row('lmtp-8', LOAD_ACCOUNTS, 3000, 1)
