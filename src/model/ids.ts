// The numbers that name things, and the ids that carry them to the outside: 24 hex digits that route themselves
// (40 bits account, 24 bits mailbox, 32 bits UID). docs/architecture.md, "Ids"; RFC 9051 §2.3.1 for uid and seq.

declare const brand: unique symbol
type Brand<T, Name extends string> = T & { readonly [brand]: Name }

/** Account number, 1 … 2^40 - 1 (an embedded store ends at 2^21 - 1); never used again. */
export type AccountId = Brand<number, 'AccountId'>
/** Mailbox number within its account, 1 … 2^24 - 1; never used again. */
export type MailboxId = Brand<number, 'MailboxId'>
/** Number of an immutable content within its account, 1 … 2^32 - 1; kept by COPY and MOVE, never used again. */
export type ContentId = Brand<number, 'ContentId'>
/** Unique identifier of a message in its mailbox, 1 … 2^32 - 1 (RFC 9051 §2.3.1.1). */
export type Uid = Brand<number, 'Uid'>
/** Modification sequence of an account, 1 … 2^53 - 1 (RFC 7162 §3.1). */
export type ModSeq = Brand<number, 'ModSeq'>

export const MAX_ACCOUNT = 2 ** 40 - 1
export const MAX_MAILBOX = 2 ** 24 - 1
export const MAX_UID = 2 ** 32 - 1

/** The number, or a RangeError: for numbers that come from storage or from a parser that has checked the form. */
function inRange(value: number, max: number, what: string): number {
  if (!Number.isInteger(value) || value < 1 || value > max)
    throw new RangeError(`${what} out of range: ${value}`)
  return value
}

export const accountId = (value: number): AccountId => inRange(value, MAX_ACCOUNT, 'account') as AccountId
export const mailboxId = (value: number): MailboxId => inRange(value, MAX_MAILBOX, 'mailbox') as MailboxId
export const contentId = (value: number): ContentId => inRange(value, MAX_UID, 'content') as ContentId
export const uid = (value: number): Uid => inRange(value, MAX_UID, 'uid') as Uid
/** A modseq may be 0: "since the beginning". */
export const modSeq = (value: number): ModSeq => {
  if (value === 0) return 0 as ModSeq
  return inRange(value, Number.MAX_SAFE_INTEGER, 'modseq') as ModSeq
}

const hex = (value: number, digits: number): string => value.toString(16).padStart(digits, '0')

export const accountHex = (account: AccountId): string => hex(account, 10) + '0'.repeat(14)
export const mailboxHex = (account: AccountId, mailbox: MailboxId): string =>
  `${hex(account, 10)}${hex(mailbox, 6)}00000000`
export const messageHex = (account: AccountId, mailbox: MailboxId, message: Uid): string =>
  hex(account, 10) + hex(mailbox, 6) + hex(message, 8)

export interface Place {
  readonly account: AccountId
  readonly mailbox?: MailboxId
  readonly uid?: Uid
}

/** Reads an id of any of the three kinds; undefined where it is not 24 hex digits or names nothing possible. */
export function parseHexId(text: string): Place | undefined {
  if (!/^[0-9a-f]{24}$/.test(text)) return undefined
  const account = Number.parseInt(text.slice(0, 10), 16)
  const mailbox = Number.parseInt(text.slice(10, 16), 16)
  const message = Number.parseInt(text.slice(16), 16)
  if (account === 0 || (mailbox === 0 && message !== 0)) return undefined
  if (mailbox === 0) return { account: accountId(account) }
  if (message === 0) return { account: accountId(account), mailbox: mailboxId(mailbox) }
  return { account: accountId(account), mailbox: mailboxId(mailbox), uid: uid(message) }
}
