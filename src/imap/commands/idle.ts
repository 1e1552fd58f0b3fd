// IDLE (RFC 2177): changes are told as they happen, until DONE.

import { askForMore } from '../continuation.js'
import { bad, ConnectionEnded, ok, type Reply } from '../reply.js'
import type { Session } from '../session.js'
import { LOGGED_IN } from '../states.js'
import { tellChanges, tellIfPossible } from '../tell-changes.js'
import type { Verb } from '../verb.js'

async function tellUntilDone(session: Session): Promise<Reply> {
  for (;;) {
    const line = await session.input.line()
    if (line === undefined || line.kind === 'interruption') throw new ConnectionEnded()
    if (line.kind === 'nudge') {
      await tellIfPossible(session, true)
      await session.output.flush()
    } else if (line.kind === 'command' && /^DONE$/i.test(line.octets.toString('latin1'))) return ok('Idled')
    else throw bad('DONE expected')
  }
}

// idle = "IDLE" CRLF "DONE"
export const idle: Verb = {
  name: 'IDLE',
  states: LOGGED_IN,
  expunges: 'told',
  capabilities: () => ['IDLE'],
  parse: () => async (session) => {
    await tellChanges(session, { expunges: true, reread: true })
    await askForMore(session, 'idling')
    return session.idling(() => tellUntilDone(session))
  },
}
