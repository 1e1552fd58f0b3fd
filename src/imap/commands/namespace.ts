// NAMESPACE (RFC 2342): one personal namespace, without a prefix.

import { SEPARATOR } from '../../model/mailbox-path.js'
import { ok } from '../reply.js'
import { LOGGED_IN } from '../states.js'
import type { Verb } from '../verb.js'

export const namespace: Verb = {
  name: 'NAMESPACE',
  states: LOGGED_IN,
  expunges: 'told',
  capabilities: () => ['NAMESPACE'],
  parse: () => (session) => {
    session.output.writer.line(`* NAMESPACE (("" "${SEPARATOR}")) NIL NIL`)
    return ok('Done')
  },
}
