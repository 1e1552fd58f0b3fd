// APPEND (RFC 3501 §6.3.11). Its literal goes into the message parser as it arrives and is never held; mailbox, size and
// quota are checked before the client is asked to send it. APPENDLIMIT: RFC 7889; APPENDUID: RFC 4315 §3.

import { appendMessages, findAppendTarget } from '../../mail/append.js'
import { type Ingested, Intake } from '../../mail/intake.js'
import { hasRoom } from '../../mail/quota.js'
import type { InternalDate } from '../../mail/types.js'
import type { MailboxId } from '../../model/ids.js'
import type { MailboxPath } from '../../model/mailbox-path.js'
import { isStoreError } from '../../store/errors.js'
import { askForMore, skipCommand, skipLiteral } from '../continuation.js'
import { pathOf } from '../mailbox-names.js'
import { bad, ConnectionEnded, no, ok, Refusal, type Reply } from '../reply.js'
import type { Session } from '../session.js'
import { LOGGED_IN } from '../states.js'
import type { Action, StreamedLiteral, Verb } from '../verb.js'
import type { Reader } from '../wire/reader.js'

/** Octets of a message that is taken although there is no mailbox for it. */
const MAX_DROPPED = 65_536

interface AppendArguments {
  readonly mailbox: string
  readonly flags: readonly string[]
  readonly date: InternalDate | undefined
}

// append = "APPEND" SP mailbox [SP flag-list] [SP date-time] SP literal
function expectArguments(reader: Reader): AppendArguments {
  const mailbox = reader.expectMailbox()
  reader.expectSpace()
  const flags = reader.peekList() ? reader.expectFlagList() : undefined
  if (flags !== undefined) reader.expectSpace()
  const date = reader.peekQuote() ? reader.expectDateTime() : undefined
  if (date !== undefined) reader.expectSpace()
  return { mailbox, flags: flags ?? [], date }
}

interface Place {
  readonly mailbox: MailboxId
  readonly path: MailboxPath
}

/** What can be known before the message is there. Throws NO. */
async function checkRoom(session: Session, name: string, size: number): Promise<Place> {
  const { services } = session
  const path = pathOf(name)
  const target = await findAppendTarget(services, session.account, path, size)
  if (target?.selectable !== true) throw no('No such mailbox', 'TRYCREATE')
  if (size > services.limits.messageMaxSize) throw no('The message is too large', 'TOOBIG')
  if (size === 0) throw no('A message has at least one octet')
  if (!hasRoom(services, target.account, size)) throw no('The quota is used up', 'OVERQUOTA')
  return { mailbox: target.mailbox, path }
}

/** The octets of the literal, as they come. Throws ConnectionEnded where they do not all come. */
async function takeLiteral(session: Session, intake: Intake): Promise<void> {
  const { input } = session
  while (input.framer.literalLeft > 0) {
    const octets = await input.literal()
    if (octets === undefined) throw new ConnectionEnded()
    session.keepAlive()
    const wait = intake.write(octets)
    if (wait !== undefined) await wait
  }
}

/** Only the end of the line may follow: one message a command (MULTIAPPEND is not offered). */
async function expectEndOfCommand(session: Session): Promise<void> {
  const rest = await session.input.frame()
  if (rest === undefined || rest.kind === 'interruption') throw new ConnectionEnded()
  if (rest.kind === 'command' && !rest.bareLineFeed && rest.octets.every((octet) => octet === 0x20)) return
  if (rest.kind === 'literal') await skipLiteral(session, rest)
  if (rest.kind === 'overflow') await session.input.frame()
  throw bad('One message a command')
}

async function ingest(session: Session, literal: StreamedLiteral): Promise<Ingested> {
  const intake = new Intake(session.services)
  try {
    session.input.framer.streamLiteral()
    if (literal.synchronising) await askForMore(session, 'send the message')
    await takeLiteral(session, intake)
    await expectEndOfCommand(session)
    return await intake.finish()
  } catch (error) {
    await intake.abort()
    // The rest of the message is on its way, whatever went wrong with its beginning.
    if (session.input.framer.literalLeft > 0 && !(error instanceof ConnectionEnded))
      await skipCommand(session)
    throw error
  }
}

/**
 * Some clients do not expect NO where they wait for "+" (ImapTest stops): a small message for a mailbox that is not there
 * is taken, and dropped. Whatever is too large is never asked for.
 */
async function refuseMessage(session: Session, literal: StreamedLiteral, error: unknown): Promise<void> {
  const isSmall = literal.size <= MAX_DROPPED && error instanceof Refusal && error.code === 'TRYCREATE'
  if (!literal.synchronising || !isSmall) return skipLiteral(session, literal)
  await askForMore(session, 'send the message')
  await skipCommand(session)
}

async function append(session: Session, given: AppendArguments, literal: StreamedLiteral): Promise<Reply> {
  let place: Place
  try {
    place = await checkRoom(session, given.mailbox, literal.size)
  } catch (error) {
    await refuseMessage(session, literal, error)
    throw error
  }
  const ingested = await ingest(session, literal)
  const now = Math.floor(session.services.clock() / 1000) * 1000
  const message = { ingested, flags: given.flags, internalDate: given.date ?? { at: now, zone: 0 } }
  try {
    const [appended] = await appendMessages(
      session.services,
      session.account,
      place.mailbox,
      [message],
      place.path,
    )
    if (appended === undefined) return ok('Appended')
    return ok('Appended', `APPENDUID ${appended.uidValidity} ${appended.uid}`)
  } catch (error) {
    // It was deleted or renamed while the message was on its way.
    if (isStoreError(error, 'no-such-mailbox')) throw no('No such mailbox', 'TRYCREATE')
    throw error
  }
}

function parseStreamed(reader: Reader, literal: StreamedLiteral): Action | undefined {
  reader.expectSpace()
  // The name of the mailbox may come as a literal too.
  if (reader.peekLiteralToCome()) return undefined
  const given = expectArguments(reader)
  if (!reader.peekLiteralToCome()) reader.fail('the literal of the message expected')
  return (session) => append(session, given, literal)
}

export const appendVerb: Verb = {
  name: 'APPEND',
  states: LOGGED_IN,
  expunges: 'told',
  capabilities: (session) => [`APPENDLIMIT=${session.services.limits.messageMaxSize}`],
  parse(reader) {
    reader.expectSpace()
    expectArguments(reader)
    return reader.fail('the message as a literal expected')
  },
  parseStreamed,
}
