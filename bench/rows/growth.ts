// Growth: what one delivery, one STORE and FETCH FLAGS per message cost in a mailbox of 1,000, 10,000 and 100,000
// messages. The sizes take turns within a measurement, so that a slow moment hits all of them.
import type { ImapConnection } from '../imap-connection.js'
import { Latencies } from '../latency.js'
import type { LmtpConnection } from '../lmtp-connection.js'
import { ACCOUNTS, type Plan, scaled, thousands } from '../plan.js'
import type { Figure, Row } from '../row.js'
import { expectCount, type Target } from '../target.js'

const OPERATIONS = 100
const FLAT = 1.5

interface Grown {
  readonly size: number
  readonly account: number
  readonly connection: ImapConnection
  delivery: Latencies
  store: Latencies
  fetch: Latencies
}

function sizes(plan: Plan): number[] {
  return [1000, 10_000, 100_000].map((size) => scaled(plan, size))
}

function figuresOf(plan: Plan): Figure[] {
  const kinds = [
    ['delivery', 'one delivery by LMTP', 'ms'],
    ['store', 'one STORE', 'ms'],
    ['fetch', 'FETCH FLAGS, per message', 'µs'],
  ] as const
  return kinds.flatMap(([kind, label, unit]): Figure[] => [
    ...sizes(plan).map((size, at): Figure => {
      const text = at === 0 ? `${label}, at ${thousands(size)} messages` : `… at ${thousands(size)}`
      return { key: `growth.${kind}.${at}`, label: text, unit, better: 'less' }
    }),
    { key: `growth.${kind}.ratio`, label: '… growth', unit: '×', goal: FLAT, better: 'less' },
  ])
}

/** Brings an account's INBOX, where deliveries go, to `size` messages. */
async function grow(target: Target, account: number, size: number): Promise<Grown> {
  const connection = await target.open(account)
  let count = await connection.select('INBOX')
  if (count > size * 1.01 + OPERATIONS) {
    await connection.command(`STORE ${size + 1}:* +FLAGS.SILENT (\\Deleted)`)
    await connection.command('EXPUNGE')
    count = await connection.select('INBOX')
  }
  if (count < size) await target.fill(account, 'INBOX', size - count)
  await connection.select('INBOX')
  return {
    size,
    account,
    connection,
    delivery: new Latencies(),
    store: new Latencies(),
    fetch: new Latencies(),
  }
}

async function clock(latencies: Latencies, body: () => Promise<unknown>): Promise<void> {
  const start = performance.now()
  await body()
  latencies.add(performance.now() - start)
}

async function operate(target: Target, grown: Grown, lmtp: LmtpConnection, turn: number): Promise<void> {
  const { connection, size } = grown
  const seq = 1 + ((turn * 7919) % size)
  await clock(grown.delivery, () => lmtp.deliver(target.address(grown.account), target.message()))
  await connection.command('NOOP')
  const sign = turn % 2 === 0 ? '+' : '-'
  await clock(grown.store, () => connection.command(`STORE ${seq} ${sign}FLAGS.SILENT (\\Flagged)`))
  // As many messages fetched at each size: the small mailbox more often, pipelined, so that turnarounds do not count.
  if (turn % 20 > 0) return
  const times = Math.max(1, Math.round(10_000 / size))
  const fetches = connection.scanner.fetches
  await clock(grown.fetch, () =>
    Promise.all(Array.from({ length: times }, () => connection.command('FETCH 1:* (FLAGS)'))),
  )
  expectCount('FETCH responses', connection.scanner.fetches - fetches, times * connection.messages)
}

function record(target: Target, kind: 'delivery' | 'store' | 'fetch', all: readonly Grown[]): void {
  const values = all.map((grown) => {
    const value = grown[kind].percentile(0.5)
    const fetched = grown.connection.messages * Math.max(1, Math.round(10_000 / grown.size))
    return kind === 'fetch' ? (value * 1000) / fetched : value
  })
  values.forEach((value, at) => {
    target.record(`growth.${kind}.${at}`, value)
  })
  target.record(`growth.${kind}.ratio`, Math.max(...values.slice(1)) / (values[0] ?? Number.NaN))
}

export const growth: Row = {
  name: 'growth',
  repeats: 3,
  figures: figuresOf,
  async begin(target) {
    const all: Grown[] = []
    for (const [at, size] of sizes(target.plan).entries()) {
      all.push(await grow(target, ACCOUNTS.growing[at] as number, size))
    }
    const lmtp = await target.lmtp()
    return {
      async measure() {
        for (const grown of all) {
          grown.delivery = new Latencies()
          grown.store = new Latencies()
          grown.fetch = new Latencies()
        }
        for (let turn = 0; turn < OPERATIONS; turn++) {
          for (const grown of all) await operate(target, grown, lmtp, turn)
        }
        for (const kind of ['delivery', 'store', 'fetch'] as const) record(target, kind, all)
      },
      async end() {
        lmtp.close()
        for (const { connection } of all) await connection.logout()
      },
    }
  },
}
