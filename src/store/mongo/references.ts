// Which blobs the accounts' contents refer to: asked by the collector of blobs and by `eider check`.

import type { MaintenanceStore } from '../maintenance.js'
import { betweenPages } from './access.js'
import type { MongoDatabase } from './database.js'

/** Hashes of one command. */
const PAGE = 1000

const hex = (hash: Uint8Array): string => Buffer.from(hash).toString('hex')

export const referenceMethods = (
  database: MongoDatabase,
): Pick<MaintenanceStore, 'referencedBlobs' | 'allReferencedBlobs'> => ({
  async referencedBlobs(hashes) {
    const found = new Set<string>()
    for (let at = 0; at < hashes.length; at += PAGE) {
      const page = hashes.slice(at, at + PAGE)
      for (const hash of await referencedOf(database, page)) found.add(hash)
    }
    return found
  },
  async *allReferencedBlobs() {
    for (let after: Uint8Array = new Uint8Array(); ; ) {
      const page = await nextHashes(database, after)
      if (page.length === 0) return
      yield page.map(hex)
      after = page.at(-1) ?? after
      await betweenPages()
    }
  },
})

/** An answer is as long as the blobs asked for, however many accounts refer to one. */
const referencedOf = (database: MongoDatabase, hashes: readonly string[]): Promise<string[]> =>
  database.read('looking for references', async (session) => {
    const wanted = hashes.map((hash) => Buffer.from(hash, 'hex'))
    const found = await database
      .collection('reference')
      .aggregate<{ _id: Buffer }>(
        [{ $match: { hash: { $in: wanted } } }, { $sort: { hash: 1 } }, { $group: { _id: '$hash' } }],
        { session, hint: 'by_hash', batchSize: PAGE + 1 },
      )
      .toArray()
    return found.map(({ _id }) => hex(_id))
  })

/** Behind `after`, in order, each once. */
const nextHashes = (database: MongoDatabase, after: Uint8Array): Promise<Uint8Array[]> =>
  database.read('reading references', async (session) => {
    const found = await database
      .collection('reference')
      .find(
        { hash: { $gt: after } },
        { session, projection: { _id: 0, hash: 1 }, hint: 'by_hash', singleBatch: true },
      )
      .sort({ hash: 1 })
      .limit(PAGE)
      .batchSize(PAGE)
      .toArray()
    return found
      .map(({ hash }) => hash)
      .filter((hash, at, all) => at === 0 || Buffer.compare(hash, all[at - 1] ?? after) !== 0)
  })
