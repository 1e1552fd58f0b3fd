// LOGOUT (RFC 3501 §6.1.3): BYE, then OK, then the server closes.

import { ok } from '../reply.js'
import { ANY_STATE } from '../states.js'
import type { Verb } from '../verb.js'

// command-any = "LOGOUT"
export const logout: Verb = {
  name: 'LOGOUT',
  states: ANY_STATE,
  expunges: 'told',
  parse: () => (session) => {
    session.over = true
    session.view = undefined
    session.output.writer.line('* BYE Logging out')
    return ok('Done')
  },
}
