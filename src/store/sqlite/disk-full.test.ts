// A full disk and a read-only folder, on a small file system of its own: mounting one takes root, so elsewhere this is skipped.

import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { wanted } from '../../../test/wire/required.js'
import { openDatabase } from '../../kit/sqlite/database.js'
import { allEntries, drain, mailboxNamed, NO_LIMIT, newAccount, samples } from '../contract/samples.js'
import { isStoreError } from '../errors.js'
import type { Store } from '../store.js'
import { STORE_MODULE, sqliteStore } from './sqlite-store.js'

const folder = mkdtempSync(join(tmpdir(), 'eider-full-'))
const mount = (options: string) => spawnSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', folder])
const mounted = mount('size=6m').status === 0
if (!mounted) rmSync(folder, { recursive: true })
const skip = wanted(mounted, 'the right to mount', 'a full disk under the store')

const file = join(folder, 'eider.db')
const ballast = join(folder, 'ballast')
const open = async (): Promise<Store> => sqliteStore(await openDatabase({ file, modules: [STORE_MODULE] }))

/** Appends until the disk refuses; what was acknowledged, and the codes of what was not. */
async function fill(store: Store, id: never, inbox: never): Promise<{ done: number; codes: Set<string> }> {
  let done = 0
  const codes = new Set<string>()
  for (let round = 0; round < 400 && codes.size === 0; round++) {
    const results = await Promise.allSettled(
      Array.from({ length: 8 }, () =>
        store.append(id, inbox, samples(1, { text: 'x'.repeat(4000) }), NO_LIMIT),
      ),
    )
    for (const result of results) {
      if (result.status === 'fulfilled') done++
      else codes.add(isStoreError(result.reason) ? result.reason.code : String(result.reason))
    }
  }
  return { done, codes }
}

describe.skipIf(!mounted)(`a full disk${skip}`, () => {
  afterAll(() => {
    execFileSync('umount', [folder])
    rmSync(folder, { recursive: true })
  })

  test('refuses with disk-full, loses nothing acknowledged, and goes on when there is space', async () => {
    const store = await open()
    const account = await newAccount(store)
    const inbox = await mailboxNamed(store, account.id, 'INBOX')
    writeFileSync(ballast, Buffer.alloc(2 * 1024 * 1024))
    const first = await fill(store, account.id as never, inbox.id as never)
    expect([...first.codes]).toEqual(['disk-full'])
    expect(first.done).toBeGreaterThan(10)
    expect(await allEntries(store, account.id, inbox.id)).toHaveLength(first.done)
    expect(await drain(store.check({ repair: false }))).toEqual([])
    rmSync(ballast)
    const again = await fill(store, account.id as never, inbox.id as never)
    expect(again.done).toBeGreaterThan(10)
    await store.close()
    const reopened = await open()
    expect(await allEntries(reopened, account.id, inbox.id)).toHaveLength(first.done + again.done)
    expect(await drain(reopened.check({ repair: false }))).toEqual([])
    await reopened.close()
  })

  test('a read-only folder is refused with disk-full', async () => {
    execFileSync('mount', ['-o', 'remount,ro', folder])
    await expect(openDatabase({ file, modules: [STORE_MODULE] })).rejects.toMatchObject({ code: 'disk-full' })
    execFileSync('mount', ['-o', 'remount,rw', folder])
  })
})
