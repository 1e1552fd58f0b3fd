// The contract of blobs on SQLite.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Database, openDatabase } from '../../kit/sqlite/database.js'
import type { BlobStore } from '../blobs.js'
import { blobsContract } from '../contract/blobs-contract.js'
import { BLOBS_MODULE, sqliteBlobs } from './sqlite-blobs.js'

blobsContract({
  name: 'SQLite',
  async open() {
    const folder = mkdtempSync(join(tmpdir(), 'eider-blobs-'))
    let database: Database
    const start = async (): Promise<BlobStore> => {
      database = await openDatabase({ file: join(folder, 'eider.db'), modules: [BLOBS_MODULE] })
      return sqliteBlobs(database)
    }
    const opened = {
      blobs: await start(),
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
