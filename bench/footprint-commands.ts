// How many commands reach MongoDB for what a client does, by the server's own counters (serverStatus,
// `metrics.commands`). Part of bench/footprint.ts.

import { setTimeout as sleep } from 'node:timers/promises'
import type { MongoClient } from 'mongodb'
import type { TestServer } from '../test/server.js'
import { ImapClient } from '../test/wire/imap.js'
import { SmtpClient } from '../test/wire/smtp.js'

/** What drivers send to work; what keeps a connection or a set alive is not among it. */
const COUNTED = [
  'find',
  'getMore',
  'aggregate',
  'insert',
  'update',
  'delete',
  'findAndModify',
  'commitTransaction',
  'abortTransaction',
] as const
/** How often each thing is done. */
const TIMES = 50
const AT_ONCE = 32
const IDLERS = 20
/** Two ticks of `imap.pollInterval`. */
const IDLE_MS = 65_000

export interface Users {
  readonly user: (account: number) => string
  readonly accounts: number
  readonly password: string
}

async function commands(client: MongoClient): Promise<number> {
  const { metrics } = await client.db('admin').command({ serverStatus: 1, metrics: 1 })
  return COUNTED.reduce((sum, name) => sum + Number(metrics.commands[name]?.total ?? 0), 0)
}

/** Of the whole server: every figure holds the lease, one update in 0.8 s while transactions are under way. */
async function counted(client: MongoClient, what: string, times: number, run: () => Promise<unknown>) {
  const before = await commands(client)
  await run()
  const each = ((await commands(client)) - before) / times
  console.log(`| ${what} | ${each.toFixed(each < 10 ? 2 : 0)} |`)
}

async function again(times: number, run: (at: number) => Promise<unknown>): Promise<void> {
  for (let at = 0; at < times; at++) await run(at)
}

async function logins(server: TestServer, { user, accounts, password }: Users): Promise<void> {
  await again(accounts, async (at) => {
    const imap = await ImapClient.login(server.listeners.imap, user(at), password)
    await imap.logout()
  })
}

async function deliveries(server: TestServer, { user, accounts }: Users, times: number): Promise<void> {
  const lmtp = await SmtpClient.connect(server.listeners.lmtp, 'lmtp')
  await again(times, async (at) => {
    const message = Buffer.from(`Subject: number ${at}\r\n\r\n${'twenty octets of text'.repeat(200)}\r\n`)
    const replies = await lmtp.deliver({ to: [`${user(at % accounts)}@example.com`], message })
    if (replies.some(({ code }) => code !== 250)) throw new Error(`LMTP: ${JSON.stringify(replies)}`)
  })
  await lmtp.quit()
}

async function inMailbox(server: TestServer, client: MongoClient, { user, password }: Users): Promise<void> {
  const imap = await ImapClient.login(server.listeners.imap, user(0), password)
  const often = (what: string, line: string) =>
    counted(client, what, TIMES, () => again(TIMES, () => imap.expectOk(line)))
  await often('LIST "" *', 'LIST "" *')
  await counted(client, 'SELECT where something is \\Recent', 1, () => imap.expectOk('SELECT INBOX'))
  await often('SELECT', 'SELECT INBOX')
  await often('NOOP without news', 'NOOP')
  await often('FETCH 1:* (FLAGS), 600 messages', 'FETCH 1:* (FLAGS)')
  await often(
    'FETCH 1:* (FLAGS ENVELOPE), 600 messages',
    'FETCH 1:* (UID FLAGS INTERNALDATE RFC822.SIZE ENVELOPE)',
  )
  await often('FETCH 5 (BODY.PEEK[])', 'FETCH 5 (BODY.PEEK[])')
  await counted(client, 'STORE 5 +FLAGS', TIMES, () =>
    again(TIMES, (at) => imap.expectOk(`STORE 5 ${at % 2 === 0 ? '+' : '-'}FLAGS (\\Seen)`)),
  )
  await imap.logout()
}

/** What an instance asks by itself, and what each session adds that waits for news of its own INBOX. */
async function idle(server: TestServer, client: MongoClient, { user, password }: Users): Promise<void> {
  const seconds = IDLE_MS / 1000
  await counted(client, `an instance with nobody, ${seconds} s`, 1, () => sleep(IDLE_MS))
  const sessions: ImapClient[] = []
  for (let at = 0; at < IDLERS; at++) {
    const imap = await ImapClient.login(server.listeners.imap, user(at), password)
    await imap.expectOk('SELECT INBOX')
    sessions.push(imap)
  }
  const ends = await Promise.all(sessions.map((imap) => imap.idle()))
  await counted(client, `an instance with ${IDLERS} sessions in IDLE, ${seconds} s`, 1, () => sleep(IDLE_MS))
  for (const end of ends) await end()
  for (const imap of sessions) await imap.logout()
}

/** Prints a table of what each costs. */
export async function countCommands(server: TestServer, client: MongoClient, users: Users): Promise<void> {
  console.log('\n| a client does | commands to MongoDB |\n| --- | --: |')
  await counted(client, 'LOGIN and LOGOUT, the first time', users.accounts, () => logins(server, users))
  await counted(client, '… again', users.accounts, () => logins(server, users))
  await counted(client, 'a delivery of 4 KB by LMTP, alone', TIMES, () => deliveries(server, users, TIMES))
  await counted(client, `… ${AT_ONCE} connections at once`, TIMES * AT_ONCE, () =>
    Promise.all(Array.from({ length: AT_ONCE }, () => deliveries(server, users, TIMES))),
  )
  await inMailbox(server, client, users)
  await idle(server, client, users)
}
