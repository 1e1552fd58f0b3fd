// Long mutations leave room for others: beside STORE, MOVE and EXPUNGE of a large mailbox, appends elsewhere go on.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { type Database, openDatabase } from '../../kit/sqlite/database.js'
import { type AccountId, type MailboxId, modSeq } from '../../model/ids.js'
import { drain, mailboxNamed, NO_LIMIT, newAccount, sample, samples, uidRange } from '../contract/samples.js'
import type { Store } from '../store.js'
import { STORE_MODULE, sqliteStore } from './sqlite-store.js'

const MESSAGES = 50_000
const folder = mkdtempSync(join(tmpdir(), 'eider-slices-'))
let database: Database
let store: Store
let busy: { id: AccountId; inbox: MailboxId; other: MailboxId }
let quiet: { id: AccountId; inbox: MailboxId }

beforeAll(async () => {
  database = await openDatabase({ file: join(folder, 'eider.db'), modules: [STORE_MODULE] })
  store = sqliteStore(database)
  const { id } = await newAccount(store)
  const inbox = await mailboxNamed(store, id, 'INBOX')
  busy = { id, inbox: inbox.id, other: (await mailboxNamed(store, id, 'Other')).id }
  for (let n = 0; n < MESSAGES; n += 1000)
    await store.append(id, inbox.id, samples(1000, { text: 'x' }), NO_LIMIT)
  const other = await newAccount(store)
  quiet = { id: other.id, inbox: (await mailboxNamed(store, other.id, 'INBOX')).id }
})
afterAll(async () => {
  await store.close()
  rmSync(folder, { recursive: true })
})

/** Asks for an append elsewhere behind each slice, and sees to it that it is answered before the next one. */
async function drainBesideAppends<T>(mutation: string, long: AsyncIterable<T>): Promise<T[]> {
  const answered: string[] = []
  const run = database.run.bind(database)
  const running = vi.spyOn(database, 'run').mockImplementation((name, args) => {
    const answer = run(name, args)
    void answer.then(() => answered.push(name))
    return answer
  })
  const appending: Promise<unknown>[] = []
  const slices: T[] = []
  const iterator = long[Symbol.asyncIterator]()
  for (let more = true; more; ) {
    const asked = iterator.next()
    appending.push(store.append(quiet.id, quiet.inbox, [sample()], NO_LIMIT))
    const slice = await asked
    if (slice.done === true) more = false
    else slices.push(slice.value)
  }
  await Promise.all(appending)
  running.mockRestore()
  expect(slices.length).toBeGreaterThan(1)
  const inTurn = slices.flatMap(() => [`store.${mutation}`, 'store.append'])
  expect(answered).toEqual([...inTurn, 'store.append'])
  return slices
}

/** How many times others had their turn while it was read. */
async function withTurns<T>(reading: Promise<T>): Promise<{ answer: T; turns: number }> {
  let turns = 0
  let immediate = setImmediate(function count() {
    turns++
    immediate = setImmediate(count)
  })
  const answer = await reading
  clearImmediate(immediate)
  return { answer, turns }
}

test('others get their turn between two slices, and each slice has its own modseq', async () => {
  const all = uidRange(1, MESSAGES)
  const change = { mode: 'add', flags: ['\\Deleted', '$a'] } as const
  const stored = await drainBesideAppends('changeFlags', store.changeFlags(busy.id, busy.inbox, all, change))
  expect(stored.reduce((sum, { changed }) => sum + changed, 0)).toBe(MESSAGES)
  const half = uidRange(1, MESSAGES / 2)
  const moved = await drainBesideAppends('move', store.move(busy.id, busy.inbox, half, busy.other))
  expect(new Set(moved.map(({ modseq }) => modseq)).size).toBe(moved.length)
  const expunged = await drainBesideAppends('expunge', store.expunge(busy.id, busy.inbox))
  expect(expunged.flatMap(({ uids }) => [...uids]).length).toBe(MESSAGES / 2)
  const { answer, turns } = await withTurns(
    store.expungedSince(busy.id, busy.inbox, modSeq(0), modSeq(Number.MAX_SAFE_INTEGER)),
  )
  expect([answer.length, answer.at(-1)]).toEqual([MESSAGES, MESSAGES])
  expect(turns).toBeGreaterThan(2)
  expect(await store.mailbox(busy.id, busy.inbox)).toMatchObject({ messages: 0, deleted: 0, unseen: 0 })
  expect(await drain(store.check({ repair: false }))).toEqual([])
})
