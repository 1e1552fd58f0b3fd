// MaintenanceStore on MongoDB.

import type { MaintenanceStore } from '../maintenance.js'
import type { Access } from './access.js'
import { Checker } from './checker.js'
import { Collector } from './collector.js'
import type { Instance } from './instance.js'
import { Lease } from './lease.js'
import { referenceMethods } from './references.js'

/** Milliseconds after which another instance goes on with the work of one that died. */
const COLLECTOR_LEASE_MS = 30_000

export function maintenanceMethods(access: Access, instance: Instance): MaintenanceStore {
  const checker = new Checker(access)
  const collector = new Collector(access)
  return {
    check: ({ repair }) => checker.check(repair),
    async collect(options) {
      // So that several do not do the same: correctness does not depend on it.
      const lease = new Lease(access.database, 'collector', COLLECTOR_LEASE_MS)
      if (!(await lease.take()))
        return { contents: 0, tombstones: 0, mailboxes: 0, accounts: 0, passedOver: [] }
      try {
        return await collector.collect(options, () => lease.keep())
      } finally {
        // Where MongoDB is away, it ends by itself.
        await lease.release().catch(() => {})
      }
    },
    ...referenceMethods(access.database),
    ping: () => instance.ping(),
  }
}
