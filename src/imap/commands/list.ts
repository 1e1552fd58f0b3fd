// LIST (RFC 3501 §6.3.8) with the attributes of CHILDREN (RFC 3348) and SPECIAL-USE (RFC 6154 §2).

import { Turn } from '../../kit/turn.js'
import { listMailboxes } from '../../mail/mailboxes.js'
import type { Mailbox } from '../../mail/types.js'
import { parentPath, SEPARATOR } from '../../model/mailbox-path.js'
import { listPattern } from '../list-pattern.js'
import { ok } from '../reply.js'
import type { Session } from '../session.js'
import { LOGGED_IN } from '../states.js'
import type { Verb } from '../verb.js'

function attributesOf(mailbox: Mailbox, parents: ReadonlySet<string>): string[] {
  const attributes = [parents.has(mailbox.path) ? '\\HasChildren' : '\\HasNoChildren']
  if (!mailbox.selectable) attributes.push('\\Noselect')
  if (mailbox.specialUse !== undefined) attributes.push(mailbox.specialUse)
  return attributes
}

async function listMatching(session: Session, pattern: string): Promise<void> {
  const matches = listPattern(pattern)
  const mailboxes = await listMailboxes(session.services, session.account)
  const parents = new Set(mailboxes.map(({ path }) => parentPath(path)).filter((path) => path !== undefined))
  const { writer } = session.output
  const turn = new Turn()
  for (const mailbox of mailboxes) {
    if (turn.over) await turn.pass()
    if (!matches(mailbox.path)) continue
    const attributes = attributesOf(mailbox, parents).join(' ')
    writer.text(`* LIST (${attributes}) "${SEPARATOR}" `).mailbox(mailbox.path).line('')
    if (writer.full) await session.output.flush()
  }
}

// list = "LIST" SP mailbox SP list-mailbox
export const list: Verb = {
  name: 'LIST',
  states: LOGGED_IN,
  expunges: 'told',
  capabilities: () => ['CHILDREN', 'SPECIAL-USE'],
  parse(reader) {
    reader.expectSpace()
    const reference = reader.expectMailbox()
    reader.expectSpace()
    const pattern = reader.expectListMailbox()
    return async (session) => {
      // An empty pattern asks for the separator and the root of the reference.
      if (pattern === '') session.output.writer.line(`* LIST (\\Noselect) "${SEPARATOR}" ""`)
      else await listMatching(session, reference + pattern)
      return ok('Done')
    }
  },
}
