// What a cluster adds and what it costs: `npm run bench:cluster [-- --seconds N --accounts N --large N]`. Three instances
// beside one, mail for accounts at random; and a mailbox of 200,000 messages beside one of 2,000. It starts its own MongoDB
// (one member), Redis and instances, takes a few minutes, and prints figures. docs/performance.md, "On MongoDB".

import os from 'node:os'
import { parseArgs } from 'node:util'
import { INBOX_ID } from '../src/mail/deliver.js'
import type { AccountId } from '../src/model/ids.js'
import { NO_LIMIT, sample, uidRange } from '../src/store/contract/samples.js'
import { startServer, type TestServer } from '../test/server.js'
import { accountWith } from '../test/support/inbox.js'
import { startReplicaSet } from '../test/support/mongod.js'
import { startRedis } from '../test/support/redis.js'
import { type OpenServices, openServicesOn } from '../test/support/services.js'
import { ImapConnection } from './imap-connection.js'
import { median, pause, sustain } from './latency.js'
import { LmtpConnection } from './lmtp-connection.js'
import { MessageMaker } from './messages.js'
import { memoryKb } from './processes.js'

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '20' },
    accounts: { type: 'string', default: '2000' },
    connections: { type: 'string', default: '16' },
    large: { type: 'string', default: '200000' },
    rounds: { type: 'string', default: '3' },
  },
})
const [seconds, accounts, connections, large, rounds] = [
  Number(values.seconds),
  Number(values.accounts),
  Number(values.connections),
  Number(values.large),
  Number(values.rounds),
]

const INSTANCES = 3
const SMALL = 2_000
/** Accounts that get a share of the mail which is no more random, and the share. */
const FAVOURED = 3
const FAVOUR = 0.1
const REPEATS = 7
const SESSIONS = 20
const SETTLE_MS = 3_000

type Pick = () => number
const anybody: Pick = () => Math.floor(Math.random() * accounts)
const aFewMore: Pick = () => (Math.random() < FAVOUR ? Math.floor(Math.random() * FAVOURED) : anybody())

type Cluster = Omit<OpenServices, 'dir'>

const endpointOf = (server: TestServer, listener: 'imap' | 'lmtp') => ({
  host: '127.0.0.1',
  port: server.port(listener),
  tls: false,
})

const addressOf = (account: number): string => `load${account}@example.org`

/** Without passwords: nobody logs in to them, and a hash costs what two thousand deliveries do. */
async function makeAccounts({ store }: Cluster): Promise<void> {
  let next = 0
  const work = async () => {
    for (let n = next++; n < accounts; n = next++) {
      const username = `load${n}`
      const mailboxes = [{ path: 'INBOX' }]
      const { id } = await store.createAccount({
        ...{ username, usernameKey: username, quota: 2 ** 40, passwordHash: '', mailboxes },
      })
      await store.addAddress(id, { address: addressOf(n), addressKey: addressOf(n), main: true })
    }
  }
  await Promise.all(Array.from({ length: 64 }, work))
}

const maker = new MessageMaker(4096)
let serial = 0

/** Deliveries a second over all the instances together. */
async function load(servers: readonly TestServer[], pick: Pick): Promise<number> {
  const links = await Promise.all(
    servers.flatMap((server) =>
      Array.from({ length: connections }, () => LmtpConnection.open(endpointOf(server, 'lmtp'))),
    ),
  )
  const workers = links.map((link) => () => link.deliver(addressOf(pick()), maker.message(serial++)))
  const { perSecond } = await sustain(workers, seconds)
  for (const link of links) link.close()
  return perSecond
}

/** One instance and three take turns, so that whatever else goes on is on both. */
async function benchLoad(servers: readonly TestServer[], what: string, pick: Pick): Promise<void> {
  const [one, three]: [number[], number[]] = [[], []]
  await load(servers, pick)
  for (let round = 0; round < rounds; round++) {
    one.push(await load(servers.slice(0, 1), pick))
    three.push(await load(servers, pick))
  }
  const ratio = median(three) / median(one)
  const rates = `one ${median(one).toFixed(0)}/s, three together ${median(three).toFixed(0)}/s`
  console.log(`${what}: ${rates}: ${ratio.toFixed(2)} (goal 0.80)`)
}

/** An account whose INBOX holds so many: few of them appended, the others copies, which share their contents. */
async function inboxOf(services: Cluster, username: string, messages: number): Promise<AccountId> {
  const { id } = await accountWith(services, username, 2 ** 40)
  const first = Array.from({ length: Math.min(messages, 1_000) }, () => sample({ flags: ['\\Seen'] }))
  await services.store.append(id, INBOX_ID, first, NO_LIMIT)
  for (let have = first.length; have < messages; ) {
    const count = Math.min(have, messages - have, 10_000)
    await services.store.copy(id, INBOX_ID, uidRange(1, count), INBOX_ID, NO_LIMIT)
    have += count
  }
  return id
}

async function timed(into: number[], run: () => Promise<unknown>): Promise<void> {
  const began = performance.now()
  await run()
  into.push(performance.now() - began)
}

async function logIn(server: TestServer, username: string, readBuffer?: number): Promise<ImapConnection> {
  const settings = readBuffer === undefined ? {} : { readBuffer }
  const connection = await ImapConnection.open(endpointOf(server, 'imap'), settings)
  await connection.login(username, 'secret')
  return connection
}

const KINDS = ['SELECT, first', 'SELECT, again', 'FETCH 1:* (FLAGS)', 'delivery', 'STORE of one'] as const

async function benchMailbox(server: TestServer, username: string, messages: number): Promise<number[]> {
  const took: number[][] = KINDS.map(() => [])
  const lmtp = await LmtpConnection.open(endpointOf(server, 'lmtp'))
  for (let n = 0; n < REPEATS; n++) {
    await timed(took[3] as number[], () => lmtp.deliver(`${username}@example.org`, maker.message(serial++)))
    const connection = await logIn(server, username)
    await timed(took[0] as number[], () => connection.select('INBOX'))
    if (connection.messages !== messages + n + 1) throw new Error(`EXISTS ${connection.messages}`)
    await connection.select('Drafts')
    await timed(took[1] as number[], () => connection.select('INBOX'))
    await timed(took[2] as number[], () => connection.command('FETCH 1:* (FLAGS)'))
    const uid = 1 + Math.floor(Math.random() * messages)
    await timed(took[4] as number[], () => connection.command(`UID STORE ${uid} +FLAGS (\\Flagged)`))
    await connection.logout()
  }
  lmtp.close()
  return took.map(median)
}

/** Octets of memory that each further session on the mailbox costs, a message: as selected, and after a delivery was told. */
async function benchMemory(server: TestServer, username: string, messages: number): Promise<number[]> {
  const sessions: ImapConnection[] = []
  const open = async () => {
    const connection = await logIn(server, username, 4096)
    await connection.select('INBOX')
    sessions.push(connection)
  }
  await open()
  await pause(SETTLE_MS)
  const before = memoryKb(server.pid)
  const each = () => ((memoryKb(server.pid) - before) * 1024) / SESSIONS / messages
  for (let n = 0; n < SESSIONS; n++) await open()
  await pause(SETTLE_MS)
  const selected = each()
  const lmtp = await LmtpConnection.open(endpointOf(server, 'lmtp'))
  await lmtp.deliver(`${username}@example.org`, maker.message(serial++))
  for (const session of sessions) await session.command('NOOP')
  await pause(SETTLE_MS)
  const told = each()
  lmtp.close()
  for (const session of sessions) session.close()
  return [selected, told]
}

async function benchLarge(services: Cluster, start: () => Promise<TestServer>): Promise<void> {
  const sizes = [SMALL, large]
  const figures: number[][] = []
  const server = await start()
  for (const [n, messages] of sizes.entries()) {
    await inboxOf(services, `mailbox${n}`, messages)
    await benchMailbox(server, `mailbox${n}`, messages)
    figures.push(await benchMailbox(server, `mailbox${n}`, messages + REPEATS))
  }
  await server.stop()
  for (const [k, kind] of KINDS.entries()) {
    const [small = [], big = []] = figures
    const ms = [small[k] ?? 0, big[k] ?? 0].map((value) => `${value.toFixed(1)} ms`)
    console.log(`${kind.padEnd(20)} at ${SMALL}: ${ms[0]}, at ${large}: ${ms[1]}`)
  }
  const fresh = await start()
  const [selected = 0, told = 0] = await benchMemory(fresh, 'mailbox1', large)
  await fresh.stop()
  const octets = `${selected.toFixed(2)} octets a message, ${told.toFixed(2)} after a delivery was told`
  console.log(`memory of a further session at ${large}: ${octets} (goal 6)`)
}

async function main(): Promise<void> {
  const began = performance.now()
  const [set, redis] = await Promise.all([startReplicaSet({ members: 1 }), startRedis()])
  const config = { 'store.url': set.url('eider'), 'bus.url': redis.url }
  const services = await openServicesOn(config)
  const place = { set: config, remove: async () => {} }
  const start = () => startServer({ place })
  try {
    await makeAccounts(services)
    const servers: TestServer[] = []
    for (let n = 0; n < INSTANCES; n++) servers.push(await start())
    console.log(`${accounts} accounts, ${connections} LMTP connections an instance, 4 KB, ${seconds} s each`)
    await benchLoad(servers, 'at random', anybody)
    await benchLoad(servers, `${FAVOUR * 100} % of it for ${FAVOURED} accounts`, aFewMore)
    for (const server of servers) await server.stop()
    await benchLarge(services, start)
    const took = ((performance.now() - began) / 1000).toFixed(0)
    console.log(`${os.cpus().length} × ${os.cpus()[0]?.model.trim()}, Node.js ${process.version}, ${took} s`)
  } finally {
    await services.close()
    await redis.kill()
    await set.dispose()
  }
}

await main()
