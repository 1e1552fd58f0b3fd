// DELETE (RFC 3501 §6.3.4): of a mailbox with inferiors the name stays, as \Noselect.

import { deleteMailbox } from '../../mail/mailboxes.js'
import { pathOf } from '../mailbox-names.js'
import { ok } from '../reply.js'
import { LOGGED_IN } from '../states.js'
import type { Verb } from '../verb.js'

// delete = "DELETE" SP mailbox
export const remove: Verb = {
  name: 'DELETE',
  states: LOGGED_IN,
  expunges: 'told',
  parse(reader) {
    reader.expectSpace()
    const name = reader.expectMailbox()
    return async (session) => {
      await deleteMailbox(session.services, session.account, pathOf(name))
      return ok('Deleted')
    }
  },
}
