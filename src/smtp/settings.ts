// What a mail listener is told: its protocol, its name, its limits. RFC 5321 §4.5.3 for limits and timeouts.

export interface SmtpLimits {
  /** Octets of a command line with its CRLF; RFC 5321 §4.5.3.1.4 and the extensions' additions need 1,100. */
  readonly commandLine: number
  /** Recipients of one message (RFC 5321 §4.5.3.1.8 asks for at least 100). */
  readonly recipients: number
  /** Refused recipients, and refused commands, after which a connection is closed. */
  readonly badRecipients: number
  readonly badCommands: number
  /** Milliseconds from one command's end to the next one's (RFC 5321 §4.5.3.2.7: at least 5 minutes). */
  readonly commandMs: number
  /** Milliseconds between two pieces of mail data (RFC 5321 §4.5.3.2.5: 3 minutes), and for all of it. */
  readonly dataMs: number
  readonly transferMs: number
}

export const DEFAULT_LIMITS: SmtpLimits = {
  commandLine: 2048,
  recipients: 1000,
  badRecipients: 100,
  badCommands: 100,
  commandMs: 300_000,
  dataMs: 180_000,
  transferMs: 3_600_000,
}

export interface SmtpSettings {
  readonly protocol: 'smtp' | 'lmtp'
  /** As the greeting, EHLO and Received say it. */
  readonly hostname: string
  /** Octets of one message, as SIZE announces it (RFC 1870). */
  readonly messageMaxSize: number
  readonly limits: SmtpLimits
}
