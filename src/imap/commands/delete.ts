// DELETE (RFC 3501 §6.3.4): of a mailbox with inferiors the name stays, as \Noselect.

import { deleteMailbox, findMailbox } from '../../mail/mailboxes.js'
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
      const path = pathOf(name)
      const mailbox = await findMailbox(session.services, session.account, path)
      await deleteMailbox(session.services, session.account, path)
      // Who deletes what it has selected knows what it did; others are sent away (RFC 2180 §3.3).
      if (mailbox !== undefined && session.view?.mailbox === mailbox.id) session.view = undefined
      return ok('Deleted')
    }
  },
}
