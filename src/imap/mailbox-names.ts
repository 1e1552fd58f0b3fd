// Mailbox names between the wire (modified UTF-7, RFC 3501 §5.1.3) and the store (Unicode paths).

import { type MailboxPath, mailboxPath, SEPARATOR } from '../model/mailbox-path.js'
import { no } from './reply.js'
import { decodeModifiedUtf7 } from './wire/modified-utf7.js'

/** The path that a name on the wire means. A NO [CANNOT] where it can be nobody's. */
export function pathOf(name: string): MailboxPath {
  const decoded = decodeModifiedUtf7(name)
  if (decoded === undefined) throw no('The mailbox name is not modified UTF-7', 'CANNOT')
  const result = mailboxPath(decoded)
  if ('problem' in result) throw no(`Not a possible mailbox name: ${result.problem}`, 'CANNOT')
  return result.path
}

/** For CREATE: a separator at the end says that inferiors will follow, and means nothing here (RFC 3501 §6.3.3). */
export function newPathOf(name: string): MailboxPath {
  return pathOf(name.length > 1 && name.endsWith(SEPARATOR) ? name.slice(0, -1) : name)
}
