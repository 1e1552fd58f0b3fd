// A round of the collector that is broken off loses nothing to do: the next one goes on with it.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { openDatabase } from '../../kit/sqlite/database.js'
import { drain, NO_LIMIT, path, place, sample, samples, uidRange, uidsFrom } from '../contract/samples.js'
import { STORE_MODULE, sqliteStore } from './sqlite-store.js'

const DAY = 86_400_000

test('contents of a deleted mailbox go, also where the server died between dropping it and looking for them', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'eider-collect-'))
  const database = await openDatabase({ file: join(folder, 'eider.db'), modules: [STORE_MODULE] })
  const store = sqliteStore(database)
  const { id, other } = await place(store)
  await store.append(id, other, samples(300), NO_LIMIT)
  await store.deleteMailbox(id, path('Other'))
  // As far as the round came.
  const slice = () => database.run('store.dropMailbox', { account: id, mailbox: other })
  while (((await slice()) as { more: boolean }).more);
  expect(await store.collect({ tombstoneAge: DAY, contentAge: DAY })).toMatchObject({ contents: 300 })
  expect(await store.collect({ tombstoneAge: DAY, contentAge: DAY })).toMatchObject({ contents: 0 })
  await store.close()
  rmSync(folder, { recursive: true })
})

test('of what is kept to be restored the oldest goes first where it is too much', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'eider-collect-'))
  const database = await openDatabase({ file: join(folder, 'eider.db'), modules: [STORE_MODULE] })
  const store = sqliteStore(database)
  const { id, inbox, other } = await place(store)
  const { uids, cold } = await (async () => {
    await store.append(id, inbox, samples(30), NO_LIMIT)
    await store.append(id, other, [sample()], NO_LIMIT)
    await drain(store.changeFlags(id, inbox, uidRange(1, 30), { mode: 'add', flags: ['\\Deleted'] }))
    // Named elsewhere: it is kept in any case, and does not count.
    await store.copy(id, inbox, uidsFrom(30), other, NO_LIMIT)
    for (let uid = 1; uid <= 30; uid++) {
      await drain(store.expunge(id, inbox, uidsFrom(uid)))
      await setTimeout(2)
    }
    return store.expungedEntries(id, inbox, uidRange(1, 30))
  })()
  expect(uids.length).toBe(30)
  const sizeOf = (from: number, to: number) =>
    [...(cold?.sizes ?? [])].slice(from - 1, to).reduce((sum, size) => sum + size, 0)
  const options = { tombstoneAge: DAY, contentAge: DAY }
  const kept = async () => [...(await store.expungedEntries(id, inbox, uidRange(1, 30))).uids]
  expect(await store.collect({ ...options, contentLimit: sizeOf(1, 29) })).toMatchObject({ contents: 0 })
  // Looked at again once the account has changed.
  const octets = (await store.mailbox(id, other))?.octets ?? 0
  await store.deleteMailbox(id, path('Other'))
  expect(await store.collect({ ...options, contentLimit: octets + sizeOf(21, 29) })).toMatchObject({
    contents: 20,
  })
  expect(await kept()).toEqual(Array.from({ length: 10 }, (_, at) => at + 21))
  expect(await drain(store.check({ repair: false }))).toEqual([])
  await store.close()
  rmSync(folder, { recursive: true })
})
