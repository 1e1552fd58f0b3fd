// CREATE (RFC 3501 §6.3.3).

import { createMailbox } from '../../mail/mailboxes.js'
import { newPathOf } from '../mailbox-names.js'
import { ok } from '../reply.js'
import { LOGGED_IN } from '../states.js'
import type { Verb } from '../verb.js'

// create = "CREATE" SP mailbox
export const create: Verb = {
  name: 'CREATE',
  states: LOGGED_IN,
  expunges: 'told',
  parse(reader) {
    reader.expectSpace()
    const name = reader.expectMailbox()
    return async (session) => {
      await createMailbox(session.services, session.account, newPathOf(name))
      return ok('Created')
    }
  },
}
