// How the store's methods reach the database: typed calls of the writer, errors in the store's own terms, the reads.

import { setImmediate as turn } from 'node:timers/promises'
import { databaseErrorOf } from '../../kit/sqlite/connection.js'
import type { Database } from '../../kit/sqlite/database.js'
import { StoreError, type StoreErrorCode } from '../errors.js'
import type { Args, Calls, Result } from './calls.js'
import { LastReads } from './last-read.js'
import { AccountReads, MailboxReads } from './reading.js'
import { ContentReads } from './reading-contents.js'
import { IndexReads } from './reading-index.js'

/** An error of the database as one of the closed set: codes are the mutations' own, or of the same names. */
function storeError(thrown: unknown): unknown {
  const error = databaseErrorOf(thrown)
  // What is neither the database's nor a mutation's is a defect, and stays what it is.
  if (error === undefined) return thrown
  const known: Record<StoreErrorCode, true> = {
    'no-such-account': true,
    'account-exists': true,
    'no-such-address': true,
    'address-exists': true,
    'no-such-mailbox': true,
    'mailbox-exists': true,
    'mailbox-has-children': true,
    'mailbox-protected': true,
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
  readonly last: LastReads
  write<Name extends keyof Calls>(name: Name, args: Args<Name>): Promise<Result<Name>>
}

/** They leave what is remembered true enough; an append makes an account fuller by what is known (`LastReads.grew`). */
const OF_MESSAGES: ReadonlySet<keyof Calls> = new Set([
  'append',
  'move',
  'changeFlags',
  'expunge',
  'claimRecent',
])

export function accessTo(database: Database): Access {
  const { reader } = database
  const last = new LastReads()
  return {
    last,
    database,
    accounts: new AccountReads(reader),
    mailboxes: new MailboxReads(reader),
    index: new IndexReads(reader),
    contents: new ContentReads(reader, database.bulkReader),
    async write(name, args) {
      try {
        return (await database.run(`store.${name}`, args)) as Result<typeof name>
      } finally {
        if (!OF_MESSAGES.has(name)) last.clear()
      }
    },
  }
}

/** Lets others run between two pages. */
export const betweenPages = (): Promise<void> => turn()

async function* mapIterable<T>(source: AsyncIterable<T>): AsyncIterable<T> {
  try {
    yield* source
  } catch (error) {
    throw storeError(error)
  }
}

async function mapPromise<T>(source: Promise<T>): Promise<T> {
  try {
    return await source
  } catch (error) {
    throw storeError(error)
  }
}

/** The same methods, whose errors are of the closed set, whether a mutation threw them or a read. */
export function withStoreErrors<Methods extends object>(methods: Methods): Methods {
  const mapped = Object.entries(methods).map(([name, method]) => [
    name,
    (...args: unknown[]) => {
      const result = method(...args)
      return result instanceof Promise ? mapPromise(result) : mapIterable(result)
    },
  ])
  return Object.fromEntries(mapped) as Methods
}
