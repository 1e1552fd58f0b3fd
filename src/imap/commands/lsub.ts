// LSUB (RFC 3501 §6.3.9): subscribed names, whether or not there is a mailbox.

import { Turn } from '../../kit/turn.js'
import { subscriptions } from '../../mail/mailboxes.js'
import { SEPARATOR } from '../../model/mailbox-path.js'
import { listPattern } from '../list-pattern.js'
import { ok } from '../reply.js'
import type { Session } from '../session.js'
import { LOGGED_IN } from '../states.js'
import type { Verb } from '../verb.js'

/** The levels above a name, nearest first. */
function* levelsAbove(path: string): Generator<string> {
  for (let at = path.lastIndexOf(SEPARATOR); at > 0; at = path.lastIndexOf(SEPARATOR, at - 1))
    yield path.slice(0, at)
}

async function listSubscribed(session: Session, pattern: string): Promise<void> {
  const matches = listPattern(pattern)
  const names = await subscriptions(session.services, session.account)
  const told = new Map<string, '' | '\\Noselect'>()
  const turn = new Turn()
  for (const name of names) {
    if (turn.over) await turn.pass()
    if (matches(name)) told.set(name, '')
    else if (pattern.endsWith('%')) {
      // "foo" stands for a subscribed "foo/bar", which "%" cannot match (RFC 3501 §6.3.9).
      for (const above of levelsAbove(name)) {
        if (matches(above) && !told.has(above)) told.set(above, '\\Noselect')
      }
    }
  }
  for (const [name, attribute] of told) {
    session.output.writer.text(`* LSUB (${attribute}) "${SEPARATOR}" `).mailbox(name).line('')
  }
}

// lsub = "LSUB" SP mailbox SP list-mailbox
export const lsub: Verb = {
  name: 'LSUB',
  states: LOGGED_IN,
  expunges: 'told',
  parse(reader) {
    reader.expectSpace()
    const reference = reader.expectMailbox()
    reader.expectSpace()
    const pattern = reader.expectListMailbox()
    return async (session) => {
      if (pattern === '') session.output.writer.line(`* LSUB (\\Noselect) "${SEPARATOR}" ""`)
      else await listSubscribed(session, reference + pattern)
      return ok('Done')
    }
  },
}
