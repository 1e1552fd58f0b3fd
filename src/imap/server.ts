// The IMAP server's front door: makes a session of each connection, and ends them when the server stops.

import type { Connection } from '../kit/listener.js'
import type { Services } from '../mail/services.js'
import { capabilities } from './commands/index.js'
import { dispatch } from './dispatch.js'
import { DEFAULT_OPTIONS, type ImapOptions } from './options.js'
import { ConnectionEnded } from './reply.js'
import { Session } from './session.js'

export interface ImapServer {
  /** For a listener's `onConnection`. */
  handle(connection: Connection): void
  /** Says BYE to every session; each ends once its present command is finished. */
  close(): Promise<void>
}

export function createImapServer(services: Services, given: Partial<ImapOptions> = {}): ImapServer {
  const options = { ...DEFAULT_OPTIONS, ...given }
  const running = new Map<Session, Promise<void>>()
  return {
    handle(connection) {
      const session = new Session(services, options, connection, capabilities)
      const ended = serve(session).finally(() => running.delete(session))
      running.set(session, ended)
    },
    async close() {
      for (const session of running.keys()) session.input.interrupt('The server is going down')
      await Promise.all(running.values())
    },
  }
}

async function serve(session: Session): Promise<void> {
  const { connection, output } = session
  connection.onClosing = () => session.input.interrupt('The server is going down')
  if (connection.closing) session.input.interrupt('The server is going down')
  session.restartTimer()
  try {
    output.writer.line(`* OK [CAPABILITY ${session.capabilities()}] Eider ready`)
    await dispatch(session)
  } catch (err) {
    if (!(err instanceof ConnectionEnded)) connection.log.error({ err }, 'imap-session-failed')
    sayWhy(session)
  } finally {
    session.close()
    output.end()
  }
}

/** A session that is sent away in the middle of a command still hears why. */
function sayWhy(session: Session): void {
  const { interruption } = session.input
  if (interruption !== undefined && !session.output.gone)
    session.output.writer.line(`* BYE ${interruption.text}`)
}
