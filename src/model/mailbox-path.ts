// A mailbox's path: levels in Unicode (NFC) divided by "/"; INBOX, whatever its case, is one name (RFC 3501 §5.1).
// Modified UTF-7 exists only on the wire.

export const SEPARATOR = '/'
export const INBOX = 'INBOX'
/** Octets of a whole path in UTF-8, and levels, at the most. */
export const MAX_PATH_OCTETS = 1024
export const MAX_PATH_LEVELS = 32

declare const brand: unique symbol
/** A path that has been normalised by `mailboxPath`. */
export type MailboxPath = string & { readonly [brand]: 'MailboxPath' }

export type PathProblem = 'empty' | 'empty level' | 'too long' | 'too deep' | 'control character'

const CONTROL = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/

function problemOf(path: string): PathProblem | undefined {
  if (path === '') return 'empty'
  if (Buffer.byteLength(path) > MAX_PATH_OCTETS) return 'too long'
  if (CONTROL.test(path)) return 'control character'
  const levels = path.split(SEPARATOR)
  if (levels.length > MAX_PATH_LEVELS) return 'too deep'
  if (levels.some((level) => level === '')) return 'empty level'
  return undefined
}

/** INBOX is the one level whose case, that of ASCII, does not matter (RFC 3501 §5.1). */
export const withInbox = (path: string): string => path.replace(/^inbox(?=\/|$)/i, INBOX)

/** NFC, and INBOX in capitals as the first level. The problem as text where the name cannot be a mailbox's. */
export function mailboxPath(name: string): { path: MailboxPath } | { problem: PathProblem } {
  if (name.length > MAX_PATH_OCTETS) return { problem: 'too long' }
  const normal = name.normalize('NFC')
  const problem = problemOf(normal)
  if (problem !== undefined) return { problem }
  return { path: withInbox(normal) as MailboxPath }
}

/** The path above, or undefined for one of the top level. */
export function parentPath(path: MailboxPath): MailboxPath | undefined {
  const at = path.lastIndexOf(SEPARATOR)
  return at < 0 ? undefined : (path.slice(0, at) as MailboxPath)
}

export const isInferior = (path: string, of: string): boolean => path.startsWith(of + SEPARATOR)

/** RFC 6154 §2, those that a new account's mailboxes carry and CREATE may give. */
export const SPECIAL_USES = [
  '\\All',
  '\\Archive',
  '\\Drafts',
  '\\Flagged',
  '\\Junk',
  '\\Sent',
  '\\Trash',
] as const
export type SpecialUse = (typeof SPECIAL_USES)[number]
