// What an IMAP server is told besides the services that it works with. Times in milliseconds.

export interface ImapOptions {
  /** Told by ID (RFC 2971). */
  readonly version: string
  /** Allows LOGIN and AUTHENTICATE PLAIN without TLS from other machines; loopback is always allowed. */
  readonly plaintextLogin: boolean
  /** Autologout of a session that sends nothing: at least 30 minutes (RFC 3501 §5.4). */
  readonly idleMs: number
  /** The same before login. */
  readonly loginMs: number
  /** How long a client may take to read 64 KiB of an answer. */
  readonly writeMs: number
  /** How often IDLE looks for changes whose hint was lost. */
  readonly pollMs: number
  /** How often a client that waits for a long search is told so: one that has left is noticed by it. */
  readonly noticeMs: number
}

export const DEFAULT_OPTIONS: ImapOptions = {
  version: '0',
  plaintextLogin: false,
  idleMs: 30 * 60_000,
  loginMs: 60_000,
  writeMs: 120_000,
  pollMs: 30_000,
  noticeMs: 5_000,
}
