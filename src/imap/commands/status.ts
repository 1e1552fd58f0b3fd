// STATUS (RFC 3501 §6.3.10), with APPENDLIMIT (RFC 7889 §3).

import { findMailbox } from '../../mail/mailboxes.js'
import { openIndex } from '../../mail/open-index.js'
import type { Mailbox } from '../../mail/types.js'
import { lowerBound } from '../../model/number-set.js'
import { pathOf } from '../mailbox-names.js'
import { no, ok } from '../reply.js'
import type { Session } from '../session.js'
import { LOGGED_IN } from '../states.js'
import type { Verb } from '../verb.js'

/** How many messages no session has been told of. */
async function countRecent(session: Session, mailbox: Mailbox): Promise<number> {
  if (mailbox.recentUid >= mailbox.uidNext) return 0
  const { entries } = await openIndex(session.services, session.account, mailbox.id, mailbox)
  return entries.length - lowerBound(entries.uids, mailbox.recentUid)
}

// status-att = "MESSAGES" / "RECENT" / "UIDNEXT" / "UIDVALIDITY" / "UNSEEN"
const ITEMS: Readonly<Record<string, (session: Session, mailbox: Mailbox) => number | Promise<number>>> = {
  MESSAGES: (_, mailbox) => mailbox.messages,
  RECENT: countRecent,
  UIDNEXT: (_, mailbox) => mailbox.uidNext,
  UIDVALIDITY: (_, mailbox) => mailbox.uidValidity,
  UNSEEN: (_, mailbox) => mailbox.unseen,
  APPENDLIMIT: (session) => session.services.limits.messageMaxSize,
}

async function tell(session: Session, name: string, items: readonly string[]): Promise<void> {
  const path = pathOf(name)
  const mailbox = await findMailbox(session.services, session.account, path)
  if (mailbox === undefined || !mailbox.selectable) throw no('No such mailbox', 'NONEXISTENT')
  const values: string[] = []
  for (const item of items) values.push(`${item} ${await ITEMS[item]?.(session, mailbox)}`)
  session.output.writer
    .text('* STATUS ')
    .mailbox(path)
    .line(` (${values.join(' ')})`)
}

// status = "STATUS" SP mailbox SP "(" status-att *(SP status-att) ")"
export const status: Verb = {
  name: 'STATUS',
  states: LOGGED_IN,
  expunges: 'told',
  parse(reader) {
    reader.expectSpace()
    const name = reader.expectMailbox()
    reader.expectSpace()
    const item = () => {
      const word = reader.expectWord('status item')
      return Object.hasOwn(ITEMS, word) ? word : reader.fail(`a status item expected, not ${word}`)
    }
    const items = reader.expectList(item, { what: 'status items', max: 50 })
    return async (session) => {
      await tell(session, name, items)
      return ok('Done')
    }
  },
}
