// ID (RFC 2971): who we are, and who the client says it is, for the log.

import { ok } from '../reply.js'
import { ANY_STATE } from '../states.js'
import type { Verb } from '../verb.js'
import type { Reader } from '../wire/reader.js'

// id_params_list = "(" #(string SPACE nstring) ")" / nil ; at most 30 pairs (RFC 2971 §3.3)
function expectParameters(reader: Reader): Record<string, string> {
  if (!reader.peekList()) {
    if (reader.expectWord('parameters').toUpperCase() !== 'NIL') reader.fail('a list or NIL expected')
    return {}
  }
  const pair = (): readonly [string, string] => {
    const field = reader.expectString('field').toString('utf8')
    reader.expectSpace()
    return [field.slice(0, 30), (reader.expectNstring('value') ?? '').slice(0, 200)]
  }
  return Object.fromEntries(reader.expectList(pair, { what: 'parameters', empty: true, max: 30 }))
}

export const id: Verb = {
  name: 'ID',
  states: ANY_STATE,
  expunges: 'told',
  capabilities: () => ['ID'],
  parse(reader) {
    reader.expectSpace()
    const client = expectParameters(reader)
    return (session) => {
      session.connection.log.debug({ client }, 'imap-client')
      const { version } = session.options
      session.output.writer.text('* ID ("name" "Eider" "version" ').string(version).line(')')
      return ok('Done')
    }
  },
}
