// ENABLE (RFC 5161 §3.1). There is nothing yet that must be enabled: ENABLED names none, whatever was asked for.

import { ok } from '../reply.js'
import { LOGGED_IN } from '../states.js'
import type { Verb } from '../verb.js'

// command-any =/ "ENABLE" 1*(SP capability)
export const enable: Verb = {
  name: 'ENABLE',
  states: LOGGED_IN,
  expunges: 'told',
  capabilities: () => ['ENABLE'],
  parse(reader) {
    reader.expectSpace()
    do reader.expectAtom('capability')
    while (reader.takeSpace())
    return (session) => {
      session.output.writer.line('* ENABLED')
      return ok('Done')
    }
  },
}
