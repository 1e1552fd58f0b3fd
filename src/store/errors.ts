// The closed set of errors that a store or blob store answers with. Each protocol maps it once to its own terms.

export type StoreErrorCode =
  | 'no-such-account'
  | 'account-exists'
  | 'no-such-address'
  | 'address-exists'
  | 'no-such-mailbox'
  | 'mailbox-exists'
  | 'mailbox-has-children'
  /** INBOX cannot be deleted, and nothing can be renamed to it. */
  | 'mailbox-protected'
  | 'no-such-token'
  /** The account's storage is used up. */
  | 'quota-exceeded'
  /** More than a configured or fixed limit: mailboxes, keywords, messages of one COPY, account numbers. */
  | 'limit'
  /** No space on the disk, or the data folder became read-only: nothing was changed, later it may work. */
  | 'disk-full'
  /** The database is away or closing: nothing is known to have been changed, later it may work. */
  | 'unavailable'
  /** What is stored contradicts itself; `eider check` says more. */
  | 'corrupt'

export class StoreError extends Error {
  override readonly name = 'StoreError'
  readonly code: StoreErrorCode

  /** The message says what was being done and with what: it is logged, and shown to administrators. */
  constructor(code: StoreErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}

export const isStoreError = (error: unknown, code?: StoreErrorCode): error is StoreError =>
  error instanceof StoreError && (code === undefined || error.code === code)

/** Nobody's mistake, and nothing for good: the disk is full or the database away, and later the same may work. */
export const isPassing = (error: unknown): boolean =>
  isStoreError(error, 'disk-full') || isStoreError(error, 'unavailable')

export const noSuchAccount = (account: number): StoreError =>
  new StoreError('no-such-account', `account ${account} does not exist`)

export const noSuchMailbox = (account: number, mailbox: number): StoreError =>
  new StoreError('no-such-mailbox', `mailbox ${mailbox} of account ${account} does not exist`)

export const noSuchAddress = (account: number, addressKey: string): StoreError =>
  new StoreError('no-such-address', `account ${account} has no address ${addressKey}`)
