// The accounts and mailboxes of the crash test, and the reading of everything that is in them.

import type { TestServer } from '../server.js'
import { ImapClient } from '../wire/imap.js'
import type { Value } from '../wire/imap-values.js'
import type { MessageLog } from './messages.js'
import type { Found } from './model.js'
import type { UidLedger } from './uids.js'

export interface Account {
  readonly username: string
  readonly password: string
  readonly address: string
  /** The numbers of the clients that work in it. */
  readonly owners: readonly number[]
}

export const SHARED_MAILBOX = 'Shared'

export function ownMailbox(client: number): string {
  return `Client-${client}`
}

export function keyOf(account: Account, mailbox: string): string {
  return `${account.username}/${mailbox}`
}

/** Clients are dealt out to accounts in turn. */
export function accountsFor(accounts: number, clients: number): Account[] {
  return Array.from({ length: accounts }, (_, at) => ({
    username: `crash${at}`,
    password: `secret word ${at}`,
    address: `crash${at}@example.com`,
    owners: Array.from({ length: clients }, (_, client) => client).filter(
      (client) => client % accounts === at,
    ),
  }))
}

function mailboxesOf(account: Account): string[] {
  return ['INBOX', SHARED_MAILBOX, ...account.owners.map(ownMailbox)]
}

export async function createWorld(server: TestServer, accounts: readonly Account[]): Promise<void> {
  for (const account of accounts) {
    await server.createUser(account.username, account.password, account.address)
    const client = await ImapClient.login(server.listeners.imap, account.username, account.password)
    for (const mailbox of mailboxesOf(account).slice(1)) await client.expectOk(`CREATE ${mailbox}`)
    await client.logout()
  }
}

/** Every message of every mailbox, its octets compared with what was sent; UIDs go into the ledger. */
export async function readWorld(
  imapAddress: string | undefined,
  accounts: readonly Account[],
  messages: MessageLog,
  ledger: UidLedger,
): Promise<{ found: Found[]; problems: string[] }> {
  const found: Found[] = []
  const problems: string[] = []
  for (const account of accounts) {
    const client = await ImapClient.login(imapAddress, account.username, account.password)
    for (const mailbox of mailboxesOf(account)) {
      const read = await readMailbox(client, mailbox, keyOf(account, mailbox), messages, ledger)
      found.push(...read.found)
      problems.push(...read.problems)
    }
    await client.logout()
  }
  return { found, problems }
}

async function readMailbox(
  client: ImapClient,
  mailbox: string,
  key: string,
  messages: MessageLog,
  ledger: UidLedger,
): Promise<{ found: Found[]; problems: string[] }> {
  const { untagged } = await client.expectOk(`EXAMINE ${mailbox}`)
  const lines = untagged.map(({ line }) => line)
  const number = (pattern: RegExp) => Number(lines.map((line) => pattern.exec(line)?.[1]).find(Boolean))
  const uidNext = number(/\[UIDNEXT (\d+)\]/)
  const exists = number(/^(\d+) EXISTS/)
  ledger.opened(key, number(/\[UIDVALIDITY (\d+)\]/), uidNext)
  const listed = exists === 0 ? [] : await client.fetch('FETCH 1:* (UID FLAGS RFC822.SIZE BODY.PEEK[])')
  const problems =
    listed.length === exists ? [] : [`${key}: EXISTS ${exists}, ${listed.length} messages listed`]
  const found = listed.map(({ items }) => {
    const octets = octetsOf(items.get('BODY[]'))
    const uid = Number(items.get('UID'))
    const { token, problem } = messages.recognize(octets)
    if (problem !== undefined) problems.push(`UID ${uid} of ${key}: ${problem}`)
    if (Number(items.get('RFC822.SIZE')) !== octets.length)
      problems.push(`UID ${uid} of ${key}: RFC822.SIZE is wrong`)
    ledger.told(key, uid, token)
    return { mailbox: key, token, uid, flags: flagsOf(items.get('FLAGS')) }
  })
  ledger.settled(key, uidNext)
  return { found, problems }
}

function octetsOf(value: Value | undefined): Buffer {
  return Buffer.isBuffer(value) ? value : Buffer.alloc(0)
}

function flagsOf(value: Value | undefined): string[] {
  const flags = Array.isArray(value) ? value.map(String) : []
  return flags.filter((flag) => flag !== '\\Recent')
}
