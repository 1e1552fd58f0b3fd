// STARTTLS (RFC 3501 §6.2.1): what was sent before the handshake does not count (CVE-2011-0411).

import { bad, ConnectionEnded, ok } from '../reply.js'
import type { Session } from '../session.js'
import { NOT_LOGGED_IN } from '../states.js'
import type { Verb } from '../verb.js'

async function secure(session: Session, tag: string): Promise<void> {
  const { connection, input, output } = session
  await output.flush()
  input.detach()
  try {
    await connection.startTls(`${tag} OK Begin TLS now\r\n`)
  } catch (error) {
    connection.log.debug({ err: (error as Error).message }, 'tls-handshake-failed')
    throw new ConnectionEnded()
  }
  output.attach(connection.socket)
  input.attach(connection.socket)
}

// command-nonauth = "STARTTLS"
export const starttls: Verb = {
  name: 'STARTTLS',
  states: NOT_LOGGED_IN,
  expunges: 'told',
  capabilities: (session) => (session.connection.canStartTls ? ['STARTTLS'] : []),
  parse: () => async (session, tag) => {
    if (!session.connection.canStartTls) throw bad('TLS is not possible here')
    await secure(session, tag)
    return ok('')
  },
}
