// The contract of blobs on SQLite.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, test, vi } from 'vitest'
import { type Database, openDatabase } from '../../kit/sqlite/database.js'
import type { BlobStore } from '../blobs.js'
import { blobsContract } from '../contract/blobs-contract.js'
import { PIECE_SIZE } from '../piece-buffers.js'
import { BLOBS_MODULE, sqliteBlobs } from './sqlite-blobs.js'

blobsContract({
  name: 'SQLite',
  unfinishedGoes: 'at the next start',
  async open() {
    const folder = mkdtempSync(join(tmpdir(), 'eider-blobs-'))
    let database: Database
    const start = async (): Promise<BlobStore> => {
      database = await openDatabase({ file: join(folder, 'eider.db'), modules: [BLOBS_MODULE] })
      return sqliteBlobs(database)
    }
    const opened = {
      blobs: await start(),
      another: async () => opened.blobs,
      async reopen() {
        await opened.blobs.close()
        opened.blobs = await start()
        return opened.blobs
      },
      async dispose() {
        await opened.blobs.close()
        rmSync(folder, { recursive: true })
      },
      octetsKept: async () =>
        Number(
          database.reader.prepare('SELECT coalesce(sum(length(octets)), 0) FROM blob_piece').pluck().get(),
        ),
    }
    return opened
  },
})

afterEach(() => {
  vi.unstubAllEnvs()
})

test('a blob that could not be finished leaves nothing once it is aborted', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'eider-blobs-'))
  // Its two pieces are committed, the end is not.
  vi.stubEnv('EIDER_TEST_FAULT', 'commit:3')
  const database = await openDatabase({ file: join(folder, 'eider.db'), modules: [BLOBS_MODULE] })
  const blobs = await sqliteBlobs(database)
  const kept = database.reader.prepare('SELECT count(*) FROM blob_piece').pluck()
  const writer = blobs.write()
  await writer.write(Buffer.alloc(PIECE_SIZE + 1, 'a'))
  await expect(writer.finish()).rejects.toMatchObject({ code: 'disk-full' })
  expect(kept.get()).toBe(2)
  await writer.abort()
  expect(kept.get()).toBe(0)
  await blobs.close()
  rmSync(folder, { recursive: true })
})

test('what a full disk left half written goes with the collector; what is being written stays', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'eider-blobs-'))
  // The third commit is that of abort.
  vi.stubEnv('EIDER_TEST_FAULT', 'commit:3')
  const database = await openDatabase({ file: join(folder, 'eider.db'), modules: [BLOBS_MODULE] })
  const blobs = await sqliteBlobs(database)
  const kept = database.reader.prepare('SELECT count(*) FROM blob_piece').pluck()
  const left = blobs.write()
  await left.write(Buffer.alloc(2 * PIECE_SIZE + 1, 'a'))
  await left.abort()
  const written = blobs.write()
  await written.write(Buffer.alloc(PIECE_SIZE + 1, 'b'))
  const before = Number(kept.get())
  expect(before).toBeGreaterThan(1)
  await blobs.collect(-1000, async () => new Set())
  expect(kept.get()).toBe(1)
  const { hash } = await written.finish()
  const octets: Uint8Array[] = []
  for await (const piece of blobs.read(hash, 0, PIECE_SIZE + 1)) octets.push(piece)
  expect(Buffer.concat(octets)).toEqual(Buffer.alloc(PIECE_SIZE + 1, 'b'))
  await blobs.close()
  rmSync(folder, { recursive: true })
})
