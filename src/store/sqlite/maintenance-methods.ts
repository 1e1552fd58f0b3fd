// MaintenanceStore on SQLite.

import type { MaintenanceStore } from '../maintenance.js'
import { type Access, betweenPages } from './access.js'
import { Checker } from './checker.js'
import { Collector } from './collector.js'

const PAGE = 1024

export function maintenanceMethods(access: Access): MaintenanceStore {
  const db = access.database.reader
  const checker = new Checker(access, db)
  const collector = new Collector(access, db)
  const isReferenced = db.prepare<[Uint8Array]>('SELECT 1 FROM blob_reference WHERE hash = ? LIMIT 1')
  const hashesAfter = db
    .prepare<[Uint8Array], Uint8Array>(
      `SELECT DISTINCT hash FROM blob_reference WHERE hash > ? ORDER BY hash LIMIT ${PAGE}`,
    )
    .pluck()

  return {
    check: ({ repair }) => checker.check(repair),
    collect: (options) => collector.collect(options),
    referencedBlobs: async (hashes) =>
      new Set(hashes.filter((hash) => isReferenced.get(Buffer.from(hash, 'hex')) !== undefined)),
    async *allReferencedBlobs() {
      for (let last: Uint8Array = new Uint8Array(); ; ) {
        const page = hashesAfter.all(last)
        if (page.length === 0) return
        yield page.map((hash) => Buffer.from(hash).toString('hex'))
        last = page.at(-1) ?? last
        await betweenPages()
      }
    },
    ping: () => access.write('ping', undefined),
  }
}
