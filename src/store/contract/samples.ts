// Messages, accounts and random choices for the contract suites.

import type { AccountId, MailboxId, Uid } from '../../model/ids.js'
import { type MailboxPath, mailboxPath } from '../../model/mailbox-path.js'
import type { Cut, ParsedMessage } from '../../model/message.js'
import type { Account } from '../accounts.js'
import type { Entries } from '../entries.js'
import type { Mailbox } from '../mailboxes.js'
import type { NewMessage, StoredSource } from '../messages.js'
import type { Store } from '../store.js'

export const NO_LIMIT = 2 ** 50

export interface SampleOptions {
  readonly text?: string
  readonly flags?: readonly string[]
  readonly trace?: string
  readonly cuts?: readonly Cut[]
  readonly at?: number
  readonly hasAttachments?: boolean
}

function parsedSample(text: string, cuts: readonly Cut[], hasAttachments: boolean): ParsedMessage {
  const skeleton = Buffer.from(`Subject: ${text}\r\n\r\n${text}\r\n`)
  const size = cuts.reduce((sum, cut) => sum + cut.length, skeleton.length)
  const end = skeleton.length
  const header = { start: 0, end: end - text.length - 2 }
  return {
    size,
    skeleton,
    cuts,
    root: {
      header,
      body: { start: header.end, end },
      type: 'text',
      subtype: 'plain',
      params: [['charset', 'utf-8']],
      encoding: '7bit',
      lines: 1,
    },
    summary: {
      envelope: Buffer.from(`(NIL "${text}" NIL NIL NIL NIL NIL NIL NIL NIL)`),
      structure: Buffer.from(`("text" "plain" NIL NIL NIL "7BIT" ${text.length} 1)`),
      subject: text,
      from: 'Anna <anna@example.org>',
      to: 'Ben <ben@example.org>',
      cc: '',
      bcc: '',
      baseSubject: text.toLowerCase(),
      sentDate: null,
      sentZone: 0,
      messageId: `${text}@example.org`,
      inReplyTo: '',
      references: ['a@example.org', 'b@example.org'],
      threadId: '0123456789abcdef',
      intro: text.slice(0, 256),
      hasAttachments,
    },
    text: null,
  }
}

export function sample(options: SampleOptions = {}): NewMessage {
  const { text = 'hello', flags = [], trace = '', cuts = [], at = 1_700_000_000_000 } = options
  return {
    parsed: parsedSample(text, cuts, options.hasAttachments ?? false),
    trace: Buffer.from(trace),
    flags,
    internalDate: { at, zone: 60 },
  }
}

export const samples = (count: number, options: SampleOptions = {}): NewMessage[] =>
  Array.from({ length: count }, (_, n) => sample({ text: `message ${n}`, ...options }))

export function path(name: string): MailboxPath {
  const result = mailboxPath(name)
  if ('problem' in result) throw new Error(`"${name}": ${result.problem}`)
  return result.path
}

let names = 0

/** An account with INBOX and the other mailboxes, all empty. */
export async function newAccount(
  store: Store,
  quota = 0,
  mailboxes: string[] = ['INBOX', 'Other'],
): Promise<Account> {
  const username = `user${++names}`
  return store.createAccount({
    username,
    usernameKey: username,
    quota,
    passwordHash: 'not a hash',
    mailboxes: mailboxes.map((name) => ({ path: path(name) })),
  })
}

export async function mailboxNamed(store: Store, account: AccountId, name: string): Promise<Mailbox> {
  const found = await store.mailboxByPath(account, path(name))
  if (found === undefined) throw new Error(`"${name}" is not there`)
  return found
}

export interface SeenEntry {
  readonly uid: Uid
  readonly modseq: number
  readonly flags: readonly number[]
  readonly content: number
  readonly size: number
  /** INTERNALDATE: milliseconds since 1970, and minutes east. */
  readonly date: number
  readonly zone: number
}

export const seenEntries = (entries: Entries): SeenEntry[] =>
  Array.from(entries.uids, (uid, at) => ({
    uid: uid as Uid,
    modseq: entries.modseqs[at] ?? 0,
    flags: [...entries.flags.subarray(at * 4, at * 4 + 4)],
    content: entries.cold?.contents[at] ?? 0,
    size: entries.cold?.sizes[at] ?? 0,
    date: entries.cold?.internalDates[at] ?? 0,
    zone: entries.cold?.zones[at] ?? 0,
  }))

/** All entries of a mailbox. */
export async function allEntries(store: Store, account: AccountId, mailbox: MailboxId): Promise<SeenEntry[]> {
  const all: SeenEntry[] = []
  for await (const page of store.entries(account, mailbox, { cold: true }))
    all.push(...seenEntries(page.entries))
  return all
}

/** One by itself. */
export async function sourceOf(
  store: Store,
  account: AccountId,
  content: number,
): Promise<StoredSource | undefined> {
  const [[source] = []] = await drain(store.sources(account, uidsFrom(content), Float64Array.of(0)))
  return source
}

export async function drain<T>(slices: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = []
  for await (const slice of slices) all.push(slice)
  return all
}

export const uidsFrom = (...uids: number[]): Uint32Array => Uint32Array.from(uids)
export const uidRange = (from: number, to: number): Uint32Array =>
  Uint32Array.from({ length: to - from + 1 }, (_, n) => from + n)

/** Random numbers from a seed, so that a run can be had again (mulberry32). */
export function randomFrom(seed: number): (below: number) => number {
  let state = seed >>> 0
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * below)
  }
}

/** An account with two mailboxes to work in. */
export interface Place {
  readonly id: AccountId
  readonly inbox: MailboxId
  readonly other: MailboxId
}

export async function place(store: Store): Promise<Place> {
  const { id } = await newAccount(store)
  return {
    id,
    inbox: (await mailboxNamed(store, id, 'INBOX')).id,
    other: (await mailboxNamed(store, id, 'Other')).id,
  }
}
