// LSUB (RFC 3501 §6.3.9): subscribed names, whether or not there is a mailbox.

import { Turn } from '../../kit/turn.js'
import { subscriptions } from '../../mail/mailboxes.js'
import { isInferior, SEPARATOR } from '../../model/mailbox-path.js'
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
  const subscribed = new Set<string>(names)
  const { writer } = session.output
  const turn = new Turn()
  /** Tells of a path where it matches. */
  const tell = async (path: string, attribute: '' | '\\Noselect'): Promise<boolean> => {
    if (turn.over) await turn.pass()
    if (!matches(path)) return false
    writer.text(`* LSUB (${attribute}) "${SEPARATOR}" `).mailbox(path).line('')
    if (writer.full) await session.output.flush()
    return true
  }
  let unmatched = ''
  for (const name of names) {
    if ((await tell(name, '')) || !pattern.endsWith('%')) continue
    // "foo" stands for a subscribed "foo/bar", which "%" cannot match (RFC 3501 §6.3.9).
    for (const above of levelsAbove(name)) {
      // Told already: names are in order, and so those below one level follow one another.
      if (isInferior(unmatched, above)) break
      if (!subscribed.has(above)) await tell(above, '\\Noselect')
    }
    unmatched = name
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
