// Long mutations leave room for others: beside STORE, MOVE and EXPUNGE of a large mailbox, appends elsewhere go on.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openDatabase } from '../../kit/sqlite/database.js'
import type { AccountId, MailboxId } from '../../model/ids.js'
import { drain, mailboxNamed, NO_LIMIT, newAccount, sample, samples, uidRange } from '../contract/samples.js'
import type { Store } from '../store.js'
import { STORE_MODULE, sqliteStore } from './sqlite-store.js'

const MESSAGES = 50_000
const folder = mkdtempSync(join(tmpdir(), 'eider-slices-'))
let store: Store
let busy: { id: AccountId; inbox: MailboxId; other: MailboxId }
let quiet: { id: AccountId; inbox: MailboxId }

beforeAll(async () => {
  store = sqliteStore(await openDatabase({ file: join(folder, 'eider.db'), modules: [STORE_MODULE] }))
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

/** Appends one after another elsewhere while `long` runs; how many got through. */
async function appendsBeside(long: Promise<unknown>): Promise<number> {
  let done = false
  void long.finally(() => {
    done = true
  })
  let appended = 0
  for (; !done; appended++) await store.append(quiet.id, quiet.inbox, [sample()], NO_LIMIT)
  await long
  return appended
}

test('others get their turn between two slices, and each slice has its own modseq', async () => {
  const all = uidRange(1, MESSAGES)
  const storing = drain(
    store.changeFlags(busy.id, busy.inbox, all, { mode: 'add', flags: ['\\Deleted', '$a'] }),
  )
  expect(await appendsBeside(storing)).toBeGreaterThanOrEqual((await storing).length)
  expect((await storing).reduce((sum, { changed }) => sum + changed, 0)).toBe(MESSAGES)
  const moving = drain(store.move(busy.id, busy.inbox, uidRange(1, MESSAGES / 2), busy.other))
  const appended = await appendsBeside(moving)
  const slices = await moving
  expect(slices.length).toBeGreaterThan(1)
  expect(appended).toBeGreaterThanOrEqual(slices.length - 1)
  const modseqs = slices.map(({ modseq }) => modseq)
  expect(new Set(modseqs).size).toBe(slices.length)
  const expunging = drain(store.expunge(busy.id, busy.inbox))
  await appendsBeside(expunging)
  expect((await expunging).flatMap(({ uids }) => [...uids]).length).toBe(MESSAGES / 2)
  expect(await store.mailbox(busy.id, busy.inbox)).toMatchObject({ messages: 0, deleted: 0, unseen: 0 })
  expect(await drain(store.check({ repair: false }))).toEqual([])
})
