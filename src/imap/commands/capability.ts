// CAPABILITY (RFC 3501 §6.1.1). What it says is derived from the commands that are there: see `capabilities` in index.ts.

import { ok } from '../reply.js'
import { ANY_STATE } from '../states.js'
import type { Verb } from '../verb.js'

// command-any = "CAPABILITY"
export const capability: Verb = {
  name: 'CAPABILITY',
  states: ANY_STATE,
  expunges: 'told',
  parse: () => (session) => {
    session.output.writer.line(`* CAPABILITY ${session.capabilities()}`)
    return ok('Done')
  },
}
