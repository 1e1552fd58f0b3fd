// The methods that this engine does not have yet: each says so.

import { StoreError } from '../errors.js'
import type { MaintenanceStore } from '../maintenance.js'
import type { MessageStore } from '../messages.js'

const missing = (name: string) => (): never => {
  throw new StoreError('unavailable', `${name}: not on MongoDB yet`)
}

export const messageMethods = (): MessageStore => ({
  append: missing('append'),
  deliver: missing('deliver'),
  copy: missing('copy'),
  move: missing('move'),
  changeFlags: missing('changeFlags'),
  expunge: missing('expunge'),
  entries: missing('entries'),
  expungedSince: missing('expungedSince'),
  expungedEntries: missing('expungedEntries'),
  flagTable: missing('flagTable'),
  summaries: missing('summaries'),
  prepared: missing('prepared'),
  source: missing('source'),
  text: missing('text'),
})

export const maintenanceMethods = (): Omit<MaintenanceStore, 'ping'> => ({
  check: missing('check'),
  collect: missing('collect'),
  referencedBlobs: missing('referencedBlobs'),
  allReferencedBlobs: missing('allReferencedBlobs'),
})
