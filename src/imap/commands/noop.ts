// NOOP and CHECK (RFC 3501 §6.1.2, §6.4.1): nothing is done, and whatever has changed is told. Each mutation is durable when
// it is answered, so CHECK has no more to do than NOOP.

import { ok } from '../reply.js'
import { ANY_STATE, SELECTED } from '../states.js'
import type { Verb } from '../verb.js'

// command-any = "NOOP"
export const noop: Verb = {
  name: 'NOOP',
  states: ANY_STATE,
  expunges: 'told',
  polls: true,
  parse: () => () => ok('Done'),
}

// command-select = "CHECK"
export const check: Verb = {
  name: 'CHECK',
  states: SELECTED,
  expunges: 'told',
  polls: true,
  parse: () => () => ok('Done'),
}
