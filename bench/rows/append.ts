// APPEND of 4 KB messages, one in flight on each connection: alone, on 8 to 8 accounts, to one mailbox, and for minutes.
import type { ImapConnection } from '../imap-connection.js'
import { sustain } from '../latency.js'
import { LOAD_ACCOUNTS } from '../plan.js'
import type { Row, Run } from '../row.js'
import { expectCount, type Target } from '../target.js'

interface Load {
  /** Keys of the figures: messages a second and the 99th percentile. */
  readonly rate: string
  readonly p99: string
  readonly seconds: number
  readonly accounts: readonly number[]
  readonly mailbox: string
}

async function begin(target: Target, load: Load): Promise<Run> {
  const connections: ImapConnection[] = []
  for (const account of load.accounts) connections.push(await target.open(account))
  const owners = new Map(load.accounts.map((account, at) => [account, connections[at] as ImapConnection]))
  for (const owner of owners.values()) await owner.command(`CREATE ${load.mailbox}`)
  let appended = 0
  const workers = connections.map((connection) => async () => {
    await connection.append(load.mailbox, target.message())
    appended++
  })
  return {
    async warmUp() {
      await sustain(workers, target.plan.seconds)
    },
    async measure() {
      const { latencies, perSecond } = await target.costed(
        load.rate,
        (done) => done.latencies.count,
        () => sustain(workers, load.seconds),
      )
      target.record(load.rate, perSecond)
      target.record(load.p99, latencies.percentile(0.99))
    },
    async end() {
      let found = 0
      for (const owner of owners.values()) found += await owner.count(load.mailbox)
      expectCount(`messages in ${load.mailbox}`, found, appended)
      for (const owner of owners.values()) await owner.command(`DELETE ${load.mailbox}`)
      for (const connection of connections) await connection.logout()
    },
  }
}

export const append1: Row = {
  name: 'append-1',
  repeats: 3,
  floor: 1,
  figures: () => [
    {
      key: 'append-1',
      label: 'APPEND 4 KB, 1 connection',
      unit: '/s',
      clusterGoal: { ofFloor: 0.35 },
      better: 'more',
    },
    { key: 'append-1.p99', label: '… 99th percentile', unit: 'ms', better: 'less' },
  ],
  begin: (target) =>
    begin(target, {
      rate: 'append-1',
      p99: 'append-1.p99',
      seconds: target.plan.seconds,
      accounts: [LOAD_ACCOUNTS[0]],
      mailbox: target.mailbox('append-1'),
    }),
}

export const append: Row = {
  name: 'append',
  repeats: 3,
  floor: 8,
  figures: () => [
    {
      key: 'append',
      label: 'APPEND 4 KB, 8 connections, 8 users',
      unit: '/s',
      goal: 4000,
      clusterGoal: { ofFloor: 1 },
      better: 'more',
    },
    { key: 'append.p99', label: '… 99th percentile', unit: 'ms', goal: 20, better: 'less' },
  ],
  begin: (target) =>
    begin(target, {
      rate: 'append',
      p99: 'append.p99',
      seconds: target.plan.seconds,
      accounts: LOAD_ACCOUNTS,
      mailbox: target.mailbox('append'),
    }),
}

export const appendLong: Row = {
  name: 'append-long',
  repeats: 1,
  figures: ({ longSeconds }) => [
    {
      key: 'append-long',
      label: `APPEND as above for ${longSeconds} s`,
      unit: '/s',
      goal: 4000,
      better: 'more',
    },
    { key: 'append-long.p99', label: '… 99th percentile', unit: 'ms', goal: 20, better: 'less' },
  ],
  begin: (target) =>
    begin(target, {
      rate: 'append-long',
      p99: 'append-long.p99',
      seconds: target.plan.longSeconds,
      accounts: LOAD_ACCOUNTS,
      mailbox: target.mailbox('append-long'),
    }),
}

export const appendOneMailbox: Row = {
  name: 'append-one-mailbox',
  repeats: 3,
  figures: () => [
    {
      key: 'one-mailbox',
      label: 'APPEND 4 KB, 8 connections, one mailbox',
      unit: '/s',
      goal: 4000,
      better: 'more',
    },
    { key: 'one-mailbox.p99', label: '… 99th percentile', unit: 'ms', better: 'less' },
  ],
  begin: (target) =>
    begin(target, {
      rate: 'one-mailbox',
      p99: 'one-mailbox.p99',
      seconds: target.plan.seconds,
      accounts: LOAD_ACCOUNTS.map(() => LOAD_ACCOUNTS[0]),
      mailbox: target.mailbox('one-mailbox'),
    }),
}
