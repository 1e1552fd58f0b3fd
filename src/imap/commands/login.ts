// LOGIN and AUTHENTICATE PLAIN (RFC 3501 §6.2.2, §6.2.3; RFC 4616; SASL-IR: RFC 4959). Refused where the password would
// travel in the open.

import { authenticate as verify } from '../../mail/authenticate.js'
import { takeConnection } from '../../mail/connections.js'
import { askForMore } from '../continuation.js'
import { bad, ConnectionEnded, no, ok, type Reply } from '../reply.js'
import type { Session } from '../session.js'
import { NOT_LOGGED_IN } from '../states.js'
import type { Verb } from '../verb.js'
import { decodeBase64 } from '../wire/base64.js'

async function logIn(session: Session, username: string, password: string): Promise<Reply> {
  if (!session.mayLogIn) throw no('Passwords need TLS here', 'PRIVACYREQUIRED')
  const remote = session.connection.remoteAddress
  const login = await verify(session.services, { username, password, remote, protocol: 'imap' })
  const release = await takeConnection(session.services, login.account.id)
  session.logIn(login, release)
  session.connection.log.info({ account: login.account.id }, 'imap-login')
  return ok('Logged in', `CAPABILITY ${session.capabilities()}`)
}

// login = "LOGIN" SP userid SP password
export const login: Verb = {
  name: 'LOGIN',
  states: NOT_LOGGED_IN,
  expunges: 'told',
  capabilities: (session) => (session.loggedIn || session.mayLogIn ? [] : ['LOGINDISABLED']),
  parse(reader) {
    reader.expectSpace()
    const username = reader.expectAstring('user name')
    reader.expectSpace()
    const password = reader.expectAstring('password')
    return (session) => logIn(session, username, password)
  },
}

/** message = [authzid] NUL authcid NUL passwd (RFC 4616 §2). */
function plainOf(response: Buffer): { username: string; password: string } {
  const parts = response.toString('utf8').split('\0')
  const [authorize, username, password] = parts
  if (parts.length !== 3 || username === undefined || password === undefined || username === '') {
    throw bad('AUTHENTICATE PLAIN: authorization NUL name NUL password expected')
  }
  // Nobody may act for another.
  if (authorize !== '' && authorize !== username) throw no('Not for another account', 'AUTHORIZATIONFAILED')
  return { username, password }
}

/** The client's answer to an empty challenge; "*" cancels (RFC 3501 §6.2.3). */
async function askForResponse(session: Session): Promise<string> {
  await askForMore(session, '')
  const line = await session.input.line()
  if (line === undefined || line.kind === 'interruption') throw new ConnectionEnded()
  if (line.kind !== 'command' || line.bareLineFeed) throw bad('The answer is not a line of base64')
  const text = line.octets.toString('latin1')
  if (text === '*') throw bad('Cancelled')
  return text
}

// authenticate = "AUTHENTICATE" SP auth-type [SP (base64 / "=")] *(CRLF base64)
export const authenticate: Verb = {
  name: 'AUTHENTICATE',
  states: NOT_LOGGED_IN,
  expunges: 'told',
  capabilities: (session) => (!session.loggedIn && session.mayLogIn ? ['AUTH=PLAIN', 'SASL-IR'] : []),
  parse(reader) {
    reader.expectSpace()
    const mechanism = reader.expectWord('mechanism')
    const initial = reader.takeSpace() ? reader.expectRest() : undefined
    return async (session) => {
      if (mechanism !== 'PLAIN') throw no('Only AUTHENTICATE PLAIN', 'CANNOT')
      if (!session.mayLogIn) throw no('Passwords need TLS here', 'PRIVACYREQUIRED')
      const text = initial ?? (await askForResponse(session))
      // "=" alone is an empty response (RFC 4959 §3).
      const response = text === '=' ? Buffer.alloc(0) : decodeBase64(text)
      if (response === undefined) throw bad('The answer is not base64')
      const { username, password } = plainOf(response)
      return logIn(session, username, password)
    }
  },
}
