// RENAME (RFC 3501 §6.3.5): inferiors go with it; of INBOX only the messages.

import { renameMailbox } from '../../mail/mailboxes.js'
import { newPathOf, pathOf } from '../mailbox-names.js'
import { ok } from '../reply.js'
import { LOGGED_IN } from '../states.js'
import type { Verb } from '../verb.js'

// rename = "RENAME" SP mailbox SP mailbox
export const rename: Verb = {
  name: 'RENAME',
  states: LOGGED_IN,
  expunges: 'told',
  parse(reader) {
    reader.expectSpace()
    const from = reader.expectMailbox()
    reader.expectSpace()
    const to = reader.expectMailbox()
    return async (session) => {
      await renameMailbox(session.services, session.account, pathOf(from), newPathOf(to))
      return ok('Renamed')
    }
  },
}
