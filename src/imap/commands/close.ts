// CLOSE (RFC 3501 §6.4.2) and UNSELECT (RFC 3691): back to no mailbox, with and without an expunge that is not told.

import { expungeMessages } from '../../mail/expunge.js'
import { ok } from '../reply.js'
import { SELECTED } from '../states.js'
import type { Verb } from '../verb.js'

// command-select = "CLOSE"
export const close: Verb = {
  name: 'CLOSE',
  states: SELECTED,
  expunges: 'told',
  parse: () => async (session) => {
    const { mailbox, readOnly } = session.selected
    session.view = undefined
    if (!readOnly) {
      for await (const slice of expungeMessages(session.services, session.account, mailbox)) void slice
    }
    return ok('Closed')
  },
}

// command-select =/ "UNSELECT"
export const unselect: Verb = {
  name: 'UNSELECT',
  states: SELECTED,
  expunges: 'told',
  capabilities: () => ['UNSELECT'],
  parse: () => (session) => {
    session.view = undefined
    return ok('Unselected')
  },
}
