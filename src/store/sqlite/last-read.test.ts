// What may be remembered for a second is not remembered past a change of the same process.

import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, expect, test, vi } from 'vitest'
import { newDataFolder } from '../../../test/wire/data-folder.js'
import { openDatabase } from '../../kit/sqlite/database.js'
import { NO_LIMIT, path, place, sample } from '../contract/samples.js'
import { LastRead } from './last-read.js'
import { STORE_MODULE, sqliteStore } from './sqlite-store.js'

afterEach(() => vi.useRealTimers())

test('is read again after a second, and each time where there is nothing', () => {
  vi.useFakeTimers({ toFake: ['performance'] })
  const last = new LastRead<string, number>()
  let reads = 0
  const read = () => ++reads
  expect([last.get('a', read), last.get('a', read), last.get('b', read)]).toEqual([1, 1, 2])
  vi.advanceTimersByTime(999)
  expect(last.get('a', read)).toBe(1)
  vi.advanceTimersByTime(2)
  expect(last.get('a', read)).toBe(3)
  expect(last.get('c', () => undefined)).toBeUndefined()
  expect(last.get('c', read)).toBe(4)
})

test('forgets the oldest beyond 4,096', () => {
  const last = new LastRead<string, number>()
  for (let i = 0; i < 4_097; i++) last.get(`${i}`, () => i)
  expect([last.get('0', () => -1), last.get('4096', () => -1)]).toEqual([-1, 4_096])
})

test('an address, a quota and a mailbox are what a change has made of them', async () => {
  const folder = newDataFolder()
  const database = await openDatabase({ file: join(folder, 'eider.db'), modules: [STORE_MODULE] })
  const store = sqliteStore(database)
  const { id, inbox } = await place(store)
  const key = 'x@y.example'
  const remembered = { remembered: true }
  const quotas = async () => (await store.resolve(key, remembered)).map(({ account }) => account.quota)
  const target = () => store.appendTarget(id, path('Other'), remembered)
  expect(await quotas()).toEqual([])
  await store.addAddress(id, { address: key, addressKey: key, main: false })
  expect(await quotas()).toHaveLength(1)
  await store.setQuota(id, 4_000_000)
  expect(await quotas()).toEqual([4_000_000])
  const [before] = await store.resolve(key, remembered)
  await store.append(id, inbox, [sample()], NO_LIMIT)
  const used = (await store.account(id))?.storageUsed
  expect(used).toBeGreaterThan(before?.account.storageUsed ?? 0)
  expect((await store.resolve(key, remembered))[0]?.account.storageUsed).toBe(used)
  expect((await target())?.account.storageUsed).toBe(used)
  await store.deleteMailbox(id, path('Other'))
  expect(await target()).toBeUndefined()
  await store.removeAddress(id, key)
  expect(await quotas()).toEqual([])
  await store.close()
  rmSync(folder, { recursive: true })
})
