// Takes commands one after the other: finds the verb, checks the state, lets it read its arguments and act, tells what
// changed meanwhile where that is allowed, and ends each with one tagged response. RFC 3501 §2.2, §5.5, §7.4.1.

import { Turn } from '../kit/turn.js'
import { isStoreError } from '../store/errors.js'
import { findVerb } from './commands/index.js'
import { askForMore, skipLiteral } from './continuation.js'
import { isTrouble, refusalOf } from './refusal-of.js'
import { bad, ConnectionEnded, no, type Refusal, type Reply } from './reply.js'
import type { Session } from './session.js'
import { tellChanges, tellIfPossible } from './tell-changes.js'
import type { Action, StreamedLiteral, Verb } from './verb.js'
import { type Frame, type LiteralFrame, MAX_LITERALS } from './wire/framer.js'
import { Reader } from './wire/reader.js'
import { SyntaxProblem } from './wire/syntax-error.js'

/** RFC 3501 asks no limit of literals; no command but APPEND needs more. */
const MAX_LITERAL = 65_536
/** Whoever is not logged in needs room for a name and a password. */
const MAX_LITERALS_BEFORE_LOGIN = 4096
/** LITERAL-: what may come without being asked for (RFC 7888 §5). */
const MAX_UNASKED = 4096
/** Unasked literals above the limit are skipped up to here; above it the connection ends. */
const MAX_SKIPPED = 1_048_576
const MAX_MISTAKES = 20

interface Parsed {
  readonly tag: string
  readonly verb: Verb
  readonly byUid: boolean
  readonly reader: Reader
}

/** The tag of a command, as far as it can be read: "*" where it cannot. */
function tagOf(octets: Buffer): string {
  try {
    return new Reader(octets).expectTag()
  } catch {
    return '*'
  }
}

/** `command = tag SP name`, and `"UID" SP name` (RFC 3501 §6.4.8). Throws BAD. */
function readName(session: Session, octets: Buffer): Parsed {
  const reader = new Reader(octets)
  const tag = reader.expectTag()
  reader.expectSpace()
  let name = reader.expectWord('command')
  const byUid = name === 'UID'
  if (byUid) {
    reader.expectSpace()
    name = reader.expectWord('command')
  }
  const verb = findVerb(name)
  if (verb === undefined || (byUid && verb.uid === undefined)) throw bad('Unknown command')
  if (!verb.states.includes(session.state)) throw bad(`${name} is not for this state: ${session.state}`)
  return { tag, verb, byUid, reader }
}

function writeTagged(
  session: Session,
  tag: string,
  status: string,
  reply: { text: string; code?: string | undefined },
): void {
  const { writer } = session.output
  writer.text(tag).octet(0x20).text(status).octet(0x20)
  if (reply.code !== undefined) writer.octet(0x5b).text(reply.code).text('] ')
  // What the client sent may stand in the text of an error: nothing but printable ASCII goes out.
  writer.line(reply.text.replace(/[^\x20-\x7e]/g, '?'))
}

function refuse(session: Session, tag: string, error: unknown): void {
  const refusal = refusalOf(error) ?? no('Internal error; the administrator has been told', 'SERVERBUG')
  if (isTrouble(error)) session.connection.log.error({ err: error }, 'imap-command-failed')
  if (refusal.status === 'BAD' && !session.loggedIn) session.mistakes++
  writeTagged(session, tag, refusal.status, { text: refusal.message, code: refusal.code })
  if (session.mistakes > MAX_MISTAKES) session.input.interrupt('Too many mistakes')
}

/** Runs an action to its tagged response. Only the end of the connection is thrown. */
async function act(session: Session, parsed: Parsed, action: Action): Promise<void> {
  const { tag, verb, byUid } = parsed
  let reply: Reply | undefined
  let refused: unknown
  try {
    reply = await action(session, tag)
  } catch (error) {
    if (error instanceof ConnectionEnded) throw error
    refused = error
  }
  // Who has waited for a store that is away does not wait for it a second time.
  if (isStoreError(refused, 'unavailable')) return refuse(session, tag, refused)
  try {
    const expunges = verb.expunges === 'told' || byUid
    if (verb.polls === true) await tellChanges(session, { expunges, reread: true })
    else await tellIfPossible(session, expunges)
  } catch (error) {
    if (error instanceof ConnectionEnded) throw error
    refused ??= error
  }
  if (refused !== undefined) refuse(session, tag, refused)
  else if (reply !== undefined && reply.text !== '') writeTagged(session, tag, 'OK', reply)
}

async function runCommand(session: Session, octets: Buffer, bareLineFeed: boolean): Promise<void> {
  if (octets.length === 0 && !bareLineFeed) return
  let parsed: Parsed
  let action: Action
  try {
    // RFC 3501 §2.2: lines end in CRLF. A bare LF would let others read the stream differently.
    if (bareLineFeed) throw bad('Commands end in CRLF')
    parsed = readName(session, octets)
    action = parsed.verb.parse(parsed.reader, parsed.byUid)
    parsed.reader.expectEnd()
  } catch (error) {
    return refuse(session, tagOf(octets), error)
  }
  await act(session, parsed, action)
}

/** Why a literal that is to be kept cannot be; undefined where it can. */
function problemOf(session: Session, { size, synchronising }: LiteralFrame): Refusal | undefined {
  const kept = session.input.framer.literalOctets + size
  if (!session.loggedIn && kept > MAX_LITERALS_BEFORE_LOGIN) return bad('The literal is too large', 'TOOBIG')
  if (size > MAX_LITERAL || kept > MAX_LITERALS) return bad('The literal is too large', 'TOOBIG')
  if (!synchronising && size > MAX_UNASKED) return bad('LITERAL- allows 4096 octets', 'TOOBIG')
  return undefined
}

/** Ends a command whose literal is not wanted: RFC 7888 §4 for one that comes unasked. */
async function refuseLiteral(session: Session, frame: LiteralFrame, error: unknown): Promise<void> {
  const tag = tagOf(frame.octets)
  if (!frame.synchronising && frame.size > MAX_SKIPPED) {
    refuse(session, tag, error)
    // RFC 7888 §5: this BYE has the code too.
    session.input.interrupt('[TOOBIG] The literal is too large')
    return
  }
  await skipLiteral(session, frame)
  refuse(session, tag, error)
}

/** The verb's action where it takes this literal as a stream. Throws BAD for what is wrong already. */
function streamedAction(
  session: Session,
  frame: LiteralFrame,
): { parsed: Parsed; action: Action } | undefined {
  const parsed = readName(session, frame.octets)
  const literal: StreamedLiteral = { size: frame.size, synchronising: frame.synchronising }
  if (literal.size > MAX_UNASKED && !literal.synchronising) throw bad('LITERAL- allows 4096 octets', 'TOOBIG')
  const action = parsed.verb.parseStreamed?.(parsed.reader, literal)
  return action && { parsed, action }
}

async function runLiteral(session: Session, frame: LiteralFrame): Promise<void> {
  const { framer } = session.input
  let streamed: { parsed: Parsed; action: Action } | undefined
  try {
    streamed = streamedAction(session, frame)
    const problem = streamed === undefined ? problemOf(session, frame) : undefined
    if (problem !== undefined) throw problem
  } catch (error) {
    return refuseLiteral(session, frame, error)
  }
  if (streamed !== undefined) return act(session, streamed.parsed, streamed.action)
  framer.keepLiteral()
  if (frame.synchronising) await askForMore(session, 'go on')
}

async function runFrame(session: Session, frame: Frame): Promise<void> {
  session.keepAlive()
  if (frame.kind === 'command') await runCommand(session, frame.octets, frame.bareLineFeed)
  else if (frame.kind === 'literal') await runLiteral(session, frame)
  else if (frame.kind === 'overflow') {
    refuse(session, tagOf(frame.octets), new SyntaxProblem('The line is too long', 'TOOBIG'))
    if (!session.loggedIn) session.input.interrupt('The line is too long')
  }
}

/** Takes commands until the client or the server ends the session. Throws ConnectionEnded where the client is gone. */
export async function dispatch(session: Session): Promise<void> {
  const { input, output } = session
  const turn = new Turn()
  while (!session.over) {
    const atHand = input.frameAtHand()
    // Answers to pipelined commands go out together; nobody waits for one that is not flushed.
    if (atHand === undefined || output.writer.full) await output.flush()
    if (turn.over) await turn.pass()
    const frame = atHand ?? (await input.frame())
    if (frame === undefined) return
    if (frame.kind === 'interruption') {
      output.writer.line(`* BYE ${frame.text}`)
      return
    }
    await runFrame(session, frame)
  }
}
