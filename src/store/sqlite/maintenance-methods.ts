// MaintenanceStore on SQLite.

import type { MaintenanceStore } from '../maintenance.js'
import type { Access } from './access.js'

/** A ping that succeeded is believed this long. */
const PING_MS = 1000

export function maintenanceMethods({ database, write }: Access): MaintenanceStore {
  const hasReference = database.reader
    .prepare<[Uint8Array], number>('SELECT 1 FROM blob_reference WHERE hash = ? LIMIT 1')
    .pluck()
  let pinged = Number.NEGATIVE_INFINITY
  return {
    check: () => {
      throw new Error('not yet')
    },
    collect: () => {
      throw new Error('not yet')
    },
    referencedBlobs: async (hashes) =>
      new Set(hashes.filter((hash) => hasReference.get(Buffer.from(hash, 'hex')) !== undefined)),
    async ping() {
      if (performance.now() - pinged < PING_MS) return
      await write('ping', undefined)
      pinged = performance.now()
    },
  }
}
