// Deliveries of 4 KB messages over LMTP, one at a time on each connection, each to one account of eight. By DATA, which
// waits for the server once more before the message goes out, as Postfix does; or by BDAT, as Exim does.
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

type Way = 'DATA' | 'BDAT'

async function begin(target: Target, key: string, accounts: readonly number[], way: Way): Promise<Run> {
  const connections: LmtpConnection[] = []
  for (const _ of accounts) connections.push(await target.lmtp())
  const before = await inboxes(target, accounts)
  let delivered = 0
  const workers = connections.map((connection, at) => async () => {
    const to = target.address(accounts[at] as number)
    await (way === 'DATA'
      ? connection.deliver(to, target.message())
      : connection.deliverChunk(to, target.message()))
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

function row(
  key: string,
  way: Way,
  accounts: readonly number[],
  { goal, ofFloor }: { goal: number; ofFloor: number },
): Row {
  const label = `LMTP by ${way}, ${accounts.length} connection${accounts.length === 1 ? '' : 's'}`
  return {
    name: key,
    repeats: 3,
    floor: accounts.length,
    figures: () => [
      { key, label, unit: '/s', goal, clusterGoal: { ofFloor }, better: 'more' },
      { key: `${key}.p99`, label: '… 99th percentile', unit: 'ms', better: 'less' },
    ],
    begin: (target) => begin(target, key, accounts, way),
  }
}

const ONE = [LOAD_ACCOUNTS[0]]
const GOAL_OF_ONE = { goal: 1000, ofFloor: 0.35 }
const GOAL_OF_EIGHT = { goal: 3000, ofFloor: 1 }

export const lmtp1 = row('lmtp-1', 'DATA', ONE, GOAL_OF_ONE)
export const lmtp8 = row('lmtp-8', 'DATA', LOAD_ACCOUNTS, GOAL_OF_EIGHT)
export const lmtpBdat1 = row('lmtp-bdat-1', 'BDAT', ONE, GOAL_OF_ONE)
export const lmtpBdat8 = row('lmtp-bdat-8', 'BDAT', LOAD_ACCOUNTS, GOAL_OF_EIGHT)
