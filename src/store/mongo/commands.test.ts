// What the store asks of MongoDB: how many commands a piece of work costs, and that each finds what it wants by an index.

import { type CommandStartedEvent, type Document, MongoClient, type Timestamp } from 'mongodb'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { newDatabase, type TestDatabase } from '../../../test/support/mongod.js'
import { describeWith } from '../../../test/support/programs.js'
import { type AccountId, accountId, contentId, mailboxId, modSeq } from '../../model/ids.js'
import {
  drain,
  mailboxNamed,
  NO_LIMIT,
  newAccount,
  path,
  place,
  sample,
  samples,
  uidRange,
} from '../contract/samples.js'
import type { Store } from '../store.js'
import { openMongoStore } from './mongo-store.js'

const INBOX = mailboxId(1)
const MANY = 50_000

/** Who gets mail for an address, and the delivery: from RCPT to 250. */
async function deliver(store: Store, address: string): Promise<void> {
  const [destination] = await store.resolve(address)
  if (destination === undefined) throw new Error(`nobody has ${address}`)
  await store.deliver([{ account: destination.account.id, mailbox: INBOX, message: sample() }], NO_LIMIT)
}

/** An account by its address. */
async function addressee(store: Store, address: string): Promise<void> {
  const { id } = await newAccount(store)
  await store.addAddress(id, { address, addressKey: address, main: true })
}

/** What `everything` leaves out. */
const LEFT_OUT: readonly (keyof Store)[] = [
  // It ends the store.
  'close',
  // What a migration asks, and a server at its start: of whole accounts, or of the store itself, while nobody waits.
  'dumpStore',
  'dumpAccount',
  'dumpContents',
  'dumpIndex',
  'arrival',
  'beginArrival',
  'dropStale',
  'restoreAccount',
  'restoreContents',
  'restoreIndex',
  'finishAccount',
  'finishArrival',
  'serving',
  'alone',
]

/** The store; the name of each method that is called goes into `called`. */
const noting = (store: Store, called: Set<string>): Store =>
  new Proxy(store, {
    get(target, name) {
      called.add(String(name))
      return Reflect.get(target, name)
    },
  })

/** Whatever a client, an administrator or an instance asks of the store. */
async function everything(store: Store): Promise<void> {
  const leaving = await useAccount(store, 'a@b.example')
  await upkeep(store)
  await store.removeAccount(leaving)
  await upkeep(store)
  // One that stays, with its names: nothing is joined on to a name that is not there.
  await useAccount(store, 'c@d.example')
}

/** Whatever concerns one account; its name, its address and its INBOX are asked for as they stay. */
async function useAccount(store: Store, address: string): Promise<AccountId> {
  const { id, inbox, other } = await place(store)
  await store.addAddress(id, { address, addressKey: address, main: true })
  await store.addAddress(id, { address: `x${address}`, addressKey: `x${address}`, main: false })
  await store.removeAddress(id, `x${address}`)
  await store.resolve(address)
  await store.addresses(id)
  const usernameKey = (await store.account(id))?.usernameKey ?? ''
  await store.accountByName(usernameKey)
  await store.accountByLogin(usernameKey)
  await drain(store.accounts())
  await store.setPassword(id, 'hash')
  await store.credential(id)
  await store.setQuota(id, 1e9)
  const token = await store.createToken({ label: 'x', hash: address })
  await store.tokens()
  await store.tokenByHash(address)
  await store.revokeToken(token.id)
  await messages(store, id, inbox, other)
  await store.mailboxes(id)
  await store.createMailbox(id, path('a/b'))
  await store.mailboxByPath(id, path('INBOX'))
  await store.openMailbox(id, path('INBOX'))
  await store.appendTarget(id, path('a/b'))
  await store.renameMailbox(id, path('a'), path('c'))
  await store.deleteMailbox(id, path('c/b'))
  await store.subscribe(id, path('x'))
  await store.subscriptions(id)
  await store.unsubscribe(id, path('x'))
  await store.claimRecent(id, inbox, 5)
  await store.recountStorage(id)
  await store.referencedBlobs(['c'.repeat(64)])
  await store.ping()
  return id
}

async function upkeep(store: Store): Promise<void> {
  await drain(store.check({ repair: true }))
  await store.collect({ tombstoneAge: 1e9, contentAge: 1e9, contentLimit: 1 })
  await store.collect({ tombstoneAge: -1e9, contentAge: -1e9 })
}

async function messages(store: Store, account: number, inbox: number, to: number): Promise<void> {
  const [id, from, other] = [accountId(account), mailboxId(inbox), mailboxId(to)]
  await store.append(id, from, samples(200, { flags: ['$Keyword'] }), NO_LIMIT)
  await store.deliver([{ account: id, mailbox: other, message: sample() }], NO_LIMIT)
  await store.mailbox(id, from)
  await drain(store.changeFlags(id, from, uidRange(1, 200), { mode: 'add', flags: ['\\Deleted'] }))
  await store.copy(id, from, uidRange(1, 150), other, NO_LIMIT)
  await drain(store.move(id, from, uidRange(1, 10), other))
  await drain(store.expunge(id, from, uidRange(11, 20)))
  await drain(store.expunge(id, from))
  await drain(store.entries(id, other, { cold: true }))
  const modseq = (await store.account(id))?.modseq ?? modSeq(0)
  await drain(store.entries(id, other, { since: modSeq(modseq - 2) }))
  await store.expungedSince(id, from, modSeq(1), modseq)
  await store.expungedEntries(id, from, uidRange(1, 20))
  await store.flagTable(id)
  await drain(store.summaries(id, uidRange(1, 20), new Float64Array(20)))
  await drain(store.prepared(id, uidRange(1, 20), 'envelope'))
  await drain(store.prepared(id, Uint32Array.of(1, 4000), 'structure'))
  await drain(store.allReferencedBlobs())
  await drain(store.sources(id, uidRange(1, 20), new Float64Array(20)))
  await store.text(id, contentId(1))
}

/** The commands whose plan can be told, each with one statement, without what belongs to its session. */
function explainable({ commandName, command }: CommandStartedEvent): Document[] {
  const { lsid, txnNumber, $clusterTime, readConcern, writeConcern, startTransaction, autocommit, ...rest } =
    command
  const plain = Object.fromEntries(Object.entries(rest).filter(([key]) => !key.startsWith('$')))
  if (commandName === 'find' || commandName === 'aggregate' || commandName === 'findAndModify') return [plain]
  if (commandName === 'update') return plain['updates'].map((one: Document) => ({ ...plain, updates: [one] }))
  if (commandName === 'delete') return plain['deletes'].map((one: Document) => ({ ...plain, deletes: [one] }))
  return []
}

/** What a command is about: strings that say where it looks, and by what. */
const NAMES = /^(find|aggregate|update|delete|findAndModify|from|foreignField|hint)$/

/** The same for commands that differ in values only; a field (`$…`) is no value. */
const shapeOf = (value: unknown, key = ''): unknown => {
  if (typeof value === 'string' && (NAMES.test(key) || value.startsWith('$'))) return value
  if (Array.isArray(value)) return (isPlain(value[0]) ? value : value.slice(0, 1)).map((one) => shapeOf(one))
  if (!isPlain(value)) return typeof value
  const entries = value instanceof Map ? [...value] : Object.entries(value)
  return Object.fromEntries(entries.map(([name, inner]) => [name, shapeOf(inner, name)]))
}

const isPlain = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !ArrayBuffer.isView(value)

/** The time that the only command must not be answered from before: without one, any is good. */
function floorOf([sent]: readonly CommandStartedEvent[]): bigint {
  const floor: Timestamp | undefined = sent?.command['readConcern'].afterClusterTime
  return floor?.toBigInt() ?? 0n
}

describeWith(['mongod'], 'commands to MongoDB', () => {
  let database: TestDatabase
  let store: Store
  let sent: CommandStartedEvent[] = []
  beforeAll(async () => {
    database = await newDatabase()
    store = await openMongoStore({
      url: database.url,
      // An instance renews its lease by one command a second while it works, whatever the work.
      onCommand: (event) => void (event.command['update'] === 'instances' || sent.push(event)),
    })
  })
  afterAll(async () => {
    await store.close()
    await database.drop()
  })
  beforeEach(() => {
    sent = []
  })
  const names = () => sent.map(({ commandName, command }) => `${commandName} ${command[commandName]}`)

  test('a delivery alone costs 6 commands at the most, whether or not its account is remembered', async () => {
    await addressee(store, 'anna@example.org')
    const fresh = await openMongoStore({
      url: database.url,
      onCommand: (event) => void (event.command['update'] === 'instances' || sent.push(event)),
    })
    try {
      await deliver(store, 'anna@example.org')
      for (let n = 0; n < 3; n++) {
        sent = []
        await deliver(fresh, 'anna@example.org')
        expect(names().length, names().join(', ')).toBeLessThanOrEqual(6)
      }
    } finally {
      await fresh.close()
    }
  })

  test('32 deliveries at once cost half a command each, but for finding out whose they are', async () => {
    for (let n = 0; n < 32; n++) await addressee(store, `user${n}@example.org`)
    const found = await Promise.all(
      Array.from({ length: 32 }, (_, n) => store.resolve(`user${n}@example.org`)),
    )
    const accounts = found.flatMap((destinations) => destinations.map(({ account }) => account.id))
    sent = []
    await Promise.all(
      accounts.map((account) => store.deliver([{ account, mailbox: INBOX, message: sample() }], NO_LIMIT)),
    )
    expect(names().length, names().join(', ')).toBeLessThanOrEqual(16)
  })

  test('64 tokens that are looked up at once cost one command', async () => {
    const token = await store.createToken({ label: 'x', hash: 'c'.repeat(64) })
    sent = []
    const hashes = Array.from({ length: 64 }, (_, n) => (n === 9 ? token.hash : `${n}`.padStart(64, '0')))
    const found = await Promise.all(hashes.map((hash) => store.tokenByHash(hash)))
    expect(found.filter((one) => one !== undefined)).toEqual([token])
    expect(names()).toEqual(['find tokens'])
  })

  test('32 appends to one mailbox at once, and a delivery to 8 accounts, cost what one does', async () => {
    const { id, inbox } = await place(store)
    const others = await Promise.all(Array.from({ length: 8 }, () => newAccount(store)))
    sent = []
    await Promise.all(Array.from({ length: 32 }, () => store.append(id, inbox, [sample()], NO_LIMIT)))
    expect(names().length, names().join(', ')).toBeLessThanOrEqual(12)
    const deliveries = others.map((other) => ({ account: other.id, mailbox: INBOX, message: sample() }))
    sent = []
    await store.deliver(deliveries, NO_LIMIT)
    expect(names().length, names().join(', ')).toBeLessThanOrEqual(6)
  })

  test('what SELECT reads of 50,000 messages costs 3 commands, FETCH FLAGS 1, STORE 5 a slice', async () => {
    const { id, inbox } = await place(store)
    for (let n = 0; n < MANY; n += 2000) await store.append(id, inbox, samples(2000, { text: 'x' }), NO_LIMIT)
    sent = []
    await mailboxNamed(store, id, 'INBOX')
    await drain(store.entries(id, inbox, { to: MANY }))
    await store.flagTable(id)
    expect(names().length, names().join(', ')).toBeLessThanOrEqual(3)
    sent = []
    await drain(store.entries(id, inbox, { to: MANY }))
    expect(names()).toEqual(['find accounts'])
    sent = []
    const flags = { mode: 'add', flags: ['\\Flagged'] } as const
    await drain(store.changeFlags(id, inbox, uidRange(1, MANY), flags))
    expect(names().length, names().join(', ')).toBeLessThanOrEqual(4 * 5 + 1)
  })

  test('what is read after a mailbox is not older than the mailbox', async () => {
    const { id, inbox } = await place(store)
    const reads: CommandStartedEvent[] = []
    const fresh = await openMongoStore({ url: database.url, onCommand: (event) => void reads.push(event) })
    try {
      for (const read of [
        () => fresh.mailbox(id, inbox),
        () => fresh.mailboxes(id),
        () => fresh.openMailbox(id, path('INBOX')),
      ]) {
        await store.append(id, inbox, [sample()], NO_LIMIT)
        sent = []
        await store.flagTable(id)
        await read()
        reads.length = 0
        await drain(fresh.entries(id, inbox, {}))
        expect(floorOf(sent)).toBeGreaterThan(0n)
        expect(floorOf(reads)).toBeGreaterThanOrEqual(floorOf(sent))
      }
    } finally {
      await fresh.close()
    }
  })

  test('1,000 sources of 24 KB, or of messages with large bodies, cost a command for each megabyte', async () => {
    const { id, inbox } = await place(store)
    const text = 'x'.repeat(12_000)
    for (let n = 0; n < 1000; n += 200) await store.append(id, inbox, samples(200, { text }), NO_LIMIT)
    const [page] = await drain(store.entries(id, inbox, { cold: true }))
    const contents = page?.entries.cold?.contents ?? new Uint32Array()
    sent = []
    const sources = (await drain(store.sources(id, contents, new Float64Array(1000).fill(24_000)))).flat()
    expect(sources.filter((source) => source !== undefined)).toHaveLength(1000)
    expect(names().length, names().join(', ')).toBeLessThanOrEqual(24)
    sent = []
    await drain(store.sources(id, contents.subarray(0, 100), new Float64Array(100).fill(40e6)))
    expect(names().length, names().join(', ')).toBeLessThanOrEqual(25)
    sent = []
    // Nothing is read that nobody comes for, but for one page.
    for await (const _ of store.sources(id, contents, new Float64Array(1000))) break
    expect(names()).toEqual(['find contents', 'find contents'])
  })

  test('every command finds what it wants by an index', async () => {
    // A database of its own: it looks at all that is there.
    const own = await newDatabase()
    const other = await openMongoStore({ url: own.url, onCommand: (event) => void sent.push(event) })
    const called = new Set<string>()
    await everything(noting(other, called))
    expect(new Set(Object.keys(other).filter((name) => !called.has(name)))).toEqual(new Set(LEFT_OUT))
    const commands = new Map<string, Document>()
    for (const command of sent.flatMap(explainable)) commands.set(JSON.stringify(shapeOf(command)), command)
    expect(commands.size).toBeGreaterThan(80)
    const client = new MongoClient(own.url)
    try {
      for (const [shape, command] of commands) {
        // As it runs: of what is joined on, a plan says nothing.
        const plan = await client.db().command({ explain: command, verbosity: 'executionStats' })
        const told = JSON.stringify(plan)
        expect(told, shape).not.toMatch(/COLLSCAN|NestedLoopJoin|HashJoin|"collectionScans":[1-9]/)
        const joins = (plan['stages'] ?? []).filter((stage: Document) => '$lookup' in stage)
        for (const join of joins) {
          expect(join, shape).toMatchObject({ indexesUsed: [expect.anything()] })
          expect(join['totalDocsExamined'], shape).toBeLessThanOrEqual(1)
        }
      }
    } finally {
      await client.close()
      await other.close()
      await own.drop()
    }
  })
})
