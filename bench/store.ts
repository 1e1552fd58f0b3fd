// Measures a store by itself, without protocols: `npm run bench:store [-- DIR]` the embedded one, `npm run bench:store --
// mongodb://…` the cluster's, in a database of its own, beside the floor. What it prints is compared with the goals of
// docs/performance.md, which leave room for the protocol above.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { MongoClient } from 'mongodb'
import { openDatabase } from '../src/kit/sqlite/database.js'
import type { AccountId, MailboxId } from '../src/model/ids.js'
import { drain, mailboxNamed, NO_LIMIT, newAccount, sample, uidRange } from '../src/store/contract/samples.js'
import type { NewMessage } from '../src/store/messages.js'
import { openMongoStore } from '../src/store/mongo/mongo-store.js'
import { STORE_MODULE, sqliteStore } from '../src/store/sqlite/sqlite-store.js'
import type { Store } from '../src/store/store.js'
import { Floor } from './floor.js'

const MESSAGES = 50_000

/** What is measured, and how often it is appended: a store over a network is given less to do. */
interface Subject {
  readonly store: Store
  readonly appends: number
  /** Commands sent to MongoDB so far. */
  readonly commands: () => number
  close(): Promise<void>
}

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

let commands = (): number => 0

/** Runs and prints milliseconds and processor time; where `count` is given, per second and per one too. */
async function measure(what: string, run: () => Promise<unknown>, count?: number): Promise<void> {
  const before = process.cpuUsage()
  const sentBefore = commands()
  const began = performance.now()
  await run()
  const ms = performance.now() - began
  const { user, system } = process.cpuUsage(before)
  const each =
    count === undefined
      ? ''
      : `${Math.round((count / ms) * 1000)}/s, ${Math.round((user + system) / count)} µs each`
  const cpu = `${((user + system) / 1000).toFixed(1)} ms of processor`
  const sent = commands() - sentBefore
  const asked = sent === 0 ? '' : `   ${sent} commands`
  console.log(`${what.padEnd(44)}${ms.toFixed(1).padStart(9)} ms   ${cpu.padStart(24)}   ${each}${asked}`)
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

async function benchAppends(store: Store, count: number): Promise<void> {
  const places = await Promise.all(Array.from({ length: 8 }, () => place(store)))
  const alone = Math.min(count, 1000)
  await measure('append, 1 caller', () => append(store, places, 1, alone), alone)
  for (let round = 0; round < 3; round++)
    await measure('append, 8 callers, 8 accounts', () => append(store, places, 8, count), count)
  await measure('append, 8 callers, 1 mailbox', () => append(store, places.slice(0, 1), 8, count), count)
  await measure('append, 32 callers, 8 accounts', () => append(store, places, 32, count), count)
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
    await measure('50,000 summaries', () =>
      drain(store.summaries(at.id, contents, new Float64Array(contents.length))),
    )
    await measure('5,000 sources', async () => {
      for await (const _ of store.sources(at.id, contents.subarray(0, 5000), new Float64Array(5000)));
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
  await measure('EXPUNGE, nothing to expunge', () => drain(store.expunge(id, inbox)))
  await measure('check', () => drain(store.check({ repair: false })))
  await measure('collect 10,000', () => store.collect({ tombstoneAge: 1e9, contentAge: -1 }))
}

async function embedded(directory: string): Promise<Subject> {
  const folder = mkdtempSync(join(directory, 'eider-bench-'))
  const store = sqliteStore(await openDatabase({ file: join(folder, 'eider.db'), modules: [STORE_MODULE] }))
  const close = async (): Promise<void> => {
    await store.close()
    rmSync(folder, { recursive: true })
  }
  return { store, appends: 12_000, commands: () => 0, close }
}

async function cluster(server: string): Promise<Subject> {
  const url = new URL(server)
  url.pathname = `/eider-bench-store-${process.pid}`
  let sent = 0
  const onCommand = (): void => {
    sent++
  }
  const store = await openMongoStore({ url: url.href, onCommand })
  const floor = new Floor(server)
  for (const connections of [1, 8]) {
    await floor.measure(connections, 2)
    const rate = Math.round(floor.rate(connections) ?? 0)
    console.log(`floor: plain inserts over ${connections} connections `.padEnd(44), `${rate}/s`)
  }
  await floor.close()
  const close = async (): Promise<void> => {
    await store.close()
    const client = await new MongoClient(url.href).connect()
    await client.db().dropDatabase()
    await client.close()
  }
  return { store, appends: 2400, commands: () => sent, close }
}

const target = process.argv[2] ?? tmpdir()
const subject = await (/^mongodb(\+srv)?:/.test(target) ? cluster(target) : embedded(target))
const { store } = subject
commands = subject.commands
await benchAppends(store, subject.appends)
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
await subject.close()
