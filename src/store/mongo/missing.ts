// The methods that this engine does not have yet: each says so.

import { StoreError } from '../errors.js'
import type { MaintenanceStore } from '../maintenance.js'

const missing = (name: string) => (): never => {
  throw new StoreError('unavailable', `${name}: not on MongoDB yet`)
}

export const missingMethods = (): Pick<MaintenanceStore, 'check' | 'collect'> => ({
  check: missing('check'),
  collect: missing('collect'),
})
