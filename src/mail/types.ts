// The store's nouns as the protocols see them: they reach storage only through this room.

export type { Hint } from '../bus/bus.js'
export type { Account, LookUp, StoredAddress } from '../store/accounts.js'
export type { Entries } from '../store/entries.js'
export type { Mailbox } from '../store/mailboxes.js'
export type { Finding } from '../store/maintenance.js'
export type { Copied, FlagsChanged, InternalDate } from '../store/messages.js'
