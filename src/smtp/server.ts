// The front door of this room: serves the connections of an SMTP or LMTP maildrop. RFC 5321, RFC 2033.

import type { Connection } from '../kit/listener.js'
import type { Services } from '../mail/services.js'
import { Maildrop } from './maildrop.js'
import { Session } from './session.js'
import { DEFAULT_LIMITS, type SmtpLimits, type SmtpSettings } from './settings.js'

export { TOO_MANY_CONNECTIONS } from './replies.js'

export interface MaildropOptions {
  readonly protocol: 'smtp' | 'lmtp'
  /** As the greeting, EHLO and Received say it. */
  readonly hostname: string
  readonly limits?: Partial<SmtpLimits>
}

export interface MaildropServer {
  /** For Listener.onConnection. */
  handle(connection: Connection): void
}

export function createMaildropServer(services: Services, options: MaildropOptions): MaildropServer {
  const settings: SmtpSettings = {
    protocol: options.protocol,
    hostname: options.hostname,
    messageMaxSize: services.limits.messageMaxSize,
    limits: { ...DEFAULT_LIMITS, ...options.limits },
  }
  const target = new Maildrop(services, settings)
  return { handle: (connection) => void new Session(connection, settings, target).run() }
}
