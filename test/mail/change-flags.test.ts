// A STORE in slices: whatever became durable is told to others, also where its caller goes away in between.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openDatabase } from '../../src/kit/sqlite/database.js'
import { changeFlags } from '../../src/mail/change-flags.js'
import { INBOX_ID } from '../../src/mail/deliver.js'
import { NO_LIMIT, newAccount, samples, uidRange } from '../../src/store/contract/samples.js'
import { STORE_MODULE, sqliteStore } from '../../src/store/sqlite/sqlite-store.js'
import type { Store } from '../../src/store/store.js'
import { type OpenServices, openServices } from '../support/services.js'

const folder = mkdtempSync(join(tmpdir(), 'eider-slices-'))
let services: OpenServices
let store: Store
beforeAll(async () => {
  services = await openServices()
  // A slice for each chunk.
  store = sqliteStore(await openDatabase({ file: join(folder, 'eider.db'), modules: [STORE_MODULE] }), 0)
})
afterAll(async () => {
  await store.close()
  await services.close()
  rmSync(folder, { recursive: true })
})

test('a slice that became durable once the caller was gone is published too', async () => {
  const { id } = await newAccount(store)
  await store.append(id, INBOX_ID, samples(500), NO_LIMIT)
  const before = (await store.mailbox(id, INBOX_ID))?.highestModseq ?? 0
  const hints: number[] = []
  services.bus.subscribe(id, ({ modseq }) => hints.push(modseq))
  const change = { mode: 'add', flags: ['\\Seen'] } as const
  for await (const _ of changeFlags({ ...services, store }, id, INBOX_ID, uidRange(1, 500), change)) break
  await store.append(id, INBOX_ID, samples(1), NO_LIMIT)
  const after = await store.mailbox(id, INBOX_ID)
  expect(after?.highestModseq).toBe(before + 3)
  expect(hints).toEqual([before + 1, before + 2])
})
