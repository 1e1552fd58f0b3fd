// Measures the store by itself, without protocols: `npm run bench:store [-- DIR]`. What it prints is compared with the goals
// of docs/architecture.md, "Performance budget", which leave room for the protocol above.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openDatabase } from '../src/kit/sqlite/database.js'
import type { AccountId, MailboxId } from '../src/model/ids.js'
import { drain, mailboxNamed, NO_LIMIT, newAccount, sample, uidRange } from '../src/store/contract/samples.js'
import type { NewMessage } from '../src/store/messages.js'
import { STORE_MODULE, sqliteStore } from '../src/store/sqlite/sqlite-store.js'
import type { Store } from '../src/store/store.js'

const MESSAGES = 50_000
const APPENDS = 12_000

interface Place {
  readonly id: AccountId
  readonly inbox: MailboxId
  readonly other: MailboxId
}

/** 4 KB, with an ENVELOPE and an intro of usual length. */
function message(): NewMessage {
  const { parsed, ...rest } = sample({ text: 'Minutes of the meeting of Tuesday', flags: ['\\Seen'] })
  const skeleton = Buffer.alloc(4096, 'x')
  const envelope = Buffer.alloc(500, 'e')
  const intro = 'i'.repeat(256)
  return {
    ...rest,
    parsed: { ...parsed, size: 4096, skeleton, summary: { ...parsed.summary, envelope, intro } },
  }
}

async function place(store: Store): Promise<Place> {
  const { id } = await newAccount(store)
  return {
    id,
    inbox: (await mailboxNamed(store, id, 'INBOX')).id,
    other: (await mailboxNamed(store, id, 'Other')).id,
  }
}

/** Runs and prints milliseconds and processor time; where `count` is given, per second and per one too. */
async function measure(what: string, run: () => Promise<unknown>, count?: number): Promise<void> {
  const before = process.cpuUsage()
  const began = performance.now()
  await run()
  const ms = performance.now() - began
  const { user, system } = process.cpuUsage(before)
  const each =
    count === undefined
      ? ''
      : `${Math.round((count / ms) * 1000)}/s, ${Math.round((user + system) / count)} µs each`
  const cpu = `${((user + system) / 1000).toFixed(1)} ms of processor`
  console.log(`${what.padEnd(44)}${ms.toFixed(1).padStart(9)} ms   ${cpu.padStart(24)}   ${each}`)
}

/** Callers that append one message after another, spread over the places. */
async function append(store: Store, places: readonly Place[], callers: number, count: number): Promise<void> {
  await Promise.all(
    Array.from({ length: callers }, async (_, caller) => {
      const { id, inbox } = places[caller % places.length] as Place
      for (let n = 0; n < count / callers; n++) await store.append(id, inbox, [message()], NO_LIMIT)
    }),
  )
}

async function benchAppends(store: Store): Promise<void> {
  const places = await Promise.all(Array.from({ length: 8 }, () => place(store)))
  await measure('append, 1 caller', () => append(store, places, 1, 1000), 1000)
  for (let round = 0; round < 3; round++)
    await measure('append, 8 callers, 8 accounts', () => append(store, places, 8, APPENDS), APPENDS)
  await measure('append, 8 callers, 1 mailbox', () => append(store, places.slice(0, 1), 8, APPENDS), APPENDS)
  await measure('append, 32 callers, 8 accounts', () => append(store, places, 32, APPENDS), APPENDS)
}

async function contentsOf(store: Store, { id, inbox }: Place): Promise<Uint32Array> {
  const contents: number[] = []
  for await (const { entries } of store.entries(id, inbox, { cold: true }))
    contents.push(...(entries.cold?.contents ?? []))
  return Uint32Array.from(contents)
}

async function benchReads(store: Store, at: Place): Promise<void> {
  const contents = await contentsOf(store, at)
  for (let round = 0; round < 3; round++) {
    await measure('read 50,000 entries, hot', () => drain(store.entries(at.id, at.inbox, {})))
    await measure('read 50,000 entries, hot and cold', () =>
      drain(store.entries(at.id, at.inbox, { cold: true })),
    )
    await measure('50,000 prepared ENVELOPEs', () => drain(store.prepared(at.id, contents, 'envelope')))
    await measure('50,000 summaries', () => drain(store.summaries(at.id, contents)))
    await measure('5,000 sources', async () => {
      for (const content of contents.subarray(0, 5000)) await store.source(at.id, content as never)
    })
  }
}

async function benchChanges(store: Store, { id, inbox, other }: Place): Promise<void> {
  const all = uidRange(1, MESSAGES)
  const change = (flags: string[], uids: Uint32Array) =>
    drain(store.changeFlags(id, inbox, uids, { mode: 'add', flags }))
  await measure('STORE 1:* +FLAGS, 50,000', () => change(['\\Flagged'], all))
  await measure('STORE 1:* +FLAGS of a keyword, 50,000', () => change(['$Work'], all))
  const scattered = all.filter((uid) => uid % 100 === 0)
  await measure('STORE of 500 scattered', () => change(['\\Draft'], scattered))
  await measure('STORE of 1', () => change(['\\Answered'], all.subarray(77, 78)))
  await measure('COPY 10,000', () => store.copy(id, inbox, uidRange(1, 10_000), other, NO_LIMIT))
  await measure('MOVE 10,000', () => drain(store.move(id, inbox, uidRange(10_001, 20_000), other)))
  await change(['\\Deleted'], uidRange(20_001, 30_000))
  await measure('EXPUNGE 10,000', () => drain(store.expunge(id, inbox)))
  await measure('check', () => drain(store.check({ repair: false })))
  await measure('collect 10,000', () => store.collect({ tombstoneAge: 1e9, contentAge: -1 }))
}

const folder = mkdtempSync(join(process.argv[2] ?? tmpdir(), 'eider-bench-'))
const store = sqliteStore(await openDatabase({ file: join(folder, 'eider.db'), modules: [STORE_MODULE] }))
await benchAppends(store)
const at = await place(store)
await measure(
  `append ${MESSAGES} by 100`,
  async () => {
    for (let n = 0; n < MESSAGES; n += 100)
      await store.append(at.id, at.inbox, Array.from({ length: 100 }, message), NO_LIMIT)
  },
  MESSAGES,
)
await benchReads(store, at)
await benchChanges(store, at)
await store.close()
rmSync(folder, { recursive: true })
