// The store: what every engine implements and `store/contract/` proves. Each mutating method is one intention, one
// transaction (or slices, where IMAP lets it be partial), durable when its promise resolves. No transaction handle.

import type { AccountStore } from './accounts.js'
import type { MailboxStore } from './mailboxes.js'
import type { MaintenanceStore } from './maintenance.js'
import type { MessageStore } from './messages.js'
import type { MigrationStore } from './migration.js'

export interface Store extends AccountStore, MailboxStore, MessageStore, MaintenanceStore, MigrationStore {
  /** Finishes what was accepted, answers nothing new, and lets go of the files. */
  close(): Promise<void>
}
