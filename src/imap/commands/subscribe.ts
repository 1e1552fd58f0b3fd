// SUBSCRIBE and UNSUBSCRIBE (RFC 3501 §6.3.6, §6.3.7). Subscriptions are names: whether a mailbox has the name does not matter.

import * as mailboxes from '../../mail/mailboxes.js'
import { newPathOf } from '../mailbox-names.js'
import { ok } from '../reply.js'
import { LOGGED_IN } from '../states.js'
import type { Verb } from '../verb.js'

// subscribe = "SUBSCRIBE" SP mailbox
export const subscribe: Verb = {
  name: 'SUBSCRIBE',
  states: LOGGED_IN,
  expunges: 'told',
  parse(reader) {
    reader.expectSpace()
    const name = reader.expectMailbox()
    return async (session) => {
      await mailboxes.subscribe(session.services, session.account, newPathOf(name))
      return ok('Subscribed')
    }
  },
}

// unsubscribe = "UNSUBSCRIBE" SP mailbox
export const unsubscribe: Verb = {
  name: 'UNSUBSCRIBE',
  states: LOGGED_IN,
  expunges: 'told',
  parse(reader) {
    reader.expectSpace()
    const name = reader.expectMailbox()
    return async (session) => {
      await mailboxes.unsubscribe(session.services, session.account, newPathOf(name))
      return ok('Unsubscribed')
    }
  },
}
