// How the store's methods reach the database: typed calls of the writer, errors in the store's own terms, the reads.

import { setImmediate as turn } from 'node:timers/promises'
import { DatabaseError } from '../../kit/sqlite/connection.js'
import type { Database } from '../../kit/sqlite/database.js'
import { StoreError, type StoreErrorCode } from '../errors.js'
import type { Args, Calls, Result } from './calls.js'
import { AccountReads, MailboxReads } from './reading.js'
import { ContentReads } from './reading-contents.js'
import { IndexReads } from './reading-index.js'

/** The database's error as one of the closed set: its codes are the mutations' own, or of the same names. */
function storeError(error: unknown): unknown {
  if (!(error instanceof DatabaseError)) return error
  const known: Record<StoreErrorCode, true> = {
    'no-such-account': true,
    'account-exists': true,
    'no-such-address': true,
    'address-exists': true,
    'no-such-mailbox': true,
    'mailbox-exists': true,
    'mailbox-has-children': true,
    'mailbox-protected': true,
    'mailbox-not-selectable': true,
    'no-such-message': true,
    'no-such-token': true,
    'quota-exceeded': true,
    limit: true,
    'disk-full': true,
    unavailable: true,
    corrupt: true,
  }
  const code = error.code in known ? (error.code as StoreErrorCode) : 'unavailable'
  return new StoreError(code, error.message, { cause: error })
}

export interface Access {
  readonly database: Database
  readonly accounts: AccountReads
  readonly mailboxes: MailboxReads
  readonly index: IndexReads
  readonly contents: ContentReads
  write<Name extends keyof Calls>(name: Name, args: Args<Name>): Promise<Result<Name>>
}

export function accessTo(database: Database): Access {
  const { reader } = database
  return {
    database,
    accounts: new AccountReads(reader),
    mailboxes: new MailboxReads(reader),
    index: new IndexReads(reader),
    contents: new ContentReads(reader),
    async write(name, args) {
      try {
        return (await database.run(`store.${name}`, args)) as Result<typeof name>
      } catch (error) {
        throw storeError(error)
      }
    },
  }
}

/** Lets others run between two pages. */
export const betweenPages = (): Promise<void> => turn()

/** Ascending and each once, in a buffer of its own: what the mutations expect. */
export function ascending(uids: Uint32Array): Uint32Array {
  for (let at = 1; at < uids.length; at++)
    if ((uids[at] ?? 0) <= (uids[at - 1] ?? 0)) return Uint32Array.from(new Set(uids)).sort()
  return uids.byteLength === uids.buffer.byteLength ? uids : uids.slice()
}
