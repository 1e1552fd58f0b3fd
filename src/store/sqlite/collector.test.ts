// A round of the collector that is broken off loses nothing to do: the next one goes on with it.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { openDatabase } from '../../kit/sqlite/database.js'
import { drain, NO_LIMIT, path, place, samples } from '../contract/samples.js'
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
  while (((await slice()) as { more: boolean }).more)
    expect(await drain(store.check({ repair: false }))).toEqual([])
  expect(await drain(store.check({ repair: false }))).toEqual([])
  expect(await store.collect({ tombstoneAge: DAY, contentAge: DAY })).toMatchObject({ contents: 300 })
  expect(await store.collect({ tombstoneAge: DAY, contentAge: DAY })).toMatchObject({ contents: 0 })
  await store.close()
  rmSync(folder, { recursive: true })
})
