// The verbs of SMTP and LMTP, a row each: what it needs and what it does. RFC 5321 §4.1, RFC 2033 §4, RFC 1870 (SIZE),
// RFC 6152 (8BITMIME), RFC 6531 (SMTPUTF8), RFC 3030 (CHUNKING), RFC 3207 (STARTTLS).

import type { Accepted, Client, MailTarget, Sender } from './envelope.js'
import { isAscii, isHeloDomain, type PathArgument, parsePathArgument } from './grammar.js'
import type { Reply } from './replies.js'
import * as replies from './replies.js'
import type { SmtpSettings } from './settings.js'

/** A reply of several lines is an array; undefined where the command has answered by itself. */
export type Answer = Reply | readonly Reply[] | undefined
type Run = (session: Dialogue, argument: string) => Answer | Promise<Answer>

/** The session, as far as commands see it. */
export interface Dialogue {
  readonly settings: SmtpSettings
  readonly target: MailTarget
  /** Undefined until it has greeted. */
  readonly client: Client | undefined
  /** Undefined where no transaction is under way. */
  sender: Sender | undefined
  readonly recipients: Accepted[]
  readonly secure: boolean
  readonly canStartTls: boolean
  greet(helo: string, extended: boolean): void
  reset(): void
  finish(reply: Reply): void
  startTls(): Promise<void>
  /** A message is under way, of which some chunks have come (BDAT). */
  readonly receiving: boolean
  receive(): Promise<Answer>
  receiveChunk(size: number, last: boolean): Promise<Answer>
  skipChunk(size: number, refusal: Reply): Promise<Answer>
}

const HELO = (session: Dialogue, domain: string): Answer => {
  if (!isHeloDomain(domain)) return replies.BAD_ARGUMENTS
  session.greet(domain, false)
  return `250 ${session.settings.hostname}`
}

/** EHLO and LHLO. RFC 5321 §4.1.1.1: a transaction under way is dropped. */
const EHLO = (session: Dialogue, domain: string): Answer => {
  if (!isHeloDomain(domain)) return replies.BAD_ARGUMENTS
  session.greet(domain, true)
  const extensions = [
    'PIPELINING',
    `SIZE ${session.settings.messageMaxSize}`,
    '8BITMIME',
    'SMTPUTF8',
    'CHUNKING',
    ...(session.canStartTls ? ['STARTTLS'] : []),
    'ENHANCEDSTATUSCODES',
  ]
  const lines = [session.settings.hostname, ...extensions]
  return lines.map((line, i) => `250${i === lines.length - 1 ? ' ' : '-'}${line}`)
}

const MAIL = (session: Dialogue, argument: string): Answer => {
  if (session.client === undefined) return replies.GREET_FIRST
  if (session.sender !== undefined) return replies.NESTED_MAIL
  const parsed = parsePathArgument(argument, 'FROM:')
  if (parsed === undefined) return replies.BAD_SENDER
  const sender = readSender(parsed, session.settings.messageMaxSize)
  if (typeof sender === 'string') return sender
  session.sender = sender
  return replies.SENDER_OK
}

/** MAIL's parameters: SIZE (RFC 1870 §5), BODY (RFC 6152 §2), SMTPUTF8 (RFC 6531 §3.4). */
function readSender({ path, parameters }: PathArgument, maxSize: number): Sender | Reply {
  let declaredSize: number | undefined
  for (const [keyword, value] of parameters) {
    if (keyword === 'SIZE') {
      if (value === undefined || !/^\d{1,20}$/.test(value)) return replies.BAD_ARGUMENTS
      declaredSize = Number(value)
      if (declaredSize > maxSize) return replies.TOO_LARGE
    } else if (keyword === 'BODY') {
      if (value === undefined || !/^(?:7BIT|8BITMIME)$/i.test(value)) return replies.BAD_ARGUMENTS
    } else if (keyword === 'SMTPUTF8') {
      if (value !== undefined) return replies.BAD_ARGUMENTS
    } else return replies.UNKNOWN_PARAMETER
  }
  const utf8 = parameters.has('SMTPUTF8')
  if (!utf8 && !isAscii(path.text)) return replies.NEEDS_SMTPUTF8
  return { reversePath: path.text, declaredSize, utf8 }
}

const RCPT: Run = async (session, argument) => {
  const { sender, settings } = session
  if (sender === undefined) return replies.MAIL_FIRST
  if (session.receiving) return replies.MESSAGE_BEGUN
  const parsed = parsePathArgument(argument, 'TO:')
  if (parsed === undefined) return replies.BAD_RECIPIENT
  if (parsed.parameters.size > 0) return replies.UNKNOWN_PARAMETER
  if (!sender.utf8 && !isAscii(parsed.path.text)) return replies.NEEDS_SMTPUTF8
  if (session.recipients.length >= settings.limits.recipients) return replies.TOO_MANY_RECIPIENTS
  const recipient = await session.target.recipient(sender, parsed.path)
  if ('refused' in recipient) return recipient.refused
  session.recipients.push(recipient)
  return replies.RECIPIENT_OK
}

/** Why no message can come now; undefined where one can. */
function whyNoMessage({ sender, recipients, settings }: Dialogue): Reply | undefined {
  if (sender === undefined) return replies.MAIL_FIRST
  if (recipients.length > 0) return undefined
  // RFC 2033 §4.2 wants 503 where no recipient was accepted; RFC 5321 §3.3 allows 554, which says more.
  return settings.protocol === 'lmtp' ? replies.RCPT_FIRST : replies.NO_VALID_RECIPIENTS
}

const DATA: Run = (session, argument) => {
  if (argument !== '') return replies.BAD_ARGUMENTS
  // RFC 3030 §2: not in the same transaction as BDAT.
  if (session.receiving) return replies.MESSAGE_BEGUN
  return whyNoMessage(session) ?? session.receive()
}

/** RFC 3030 §2. Behind a refused one comes its chunk all the same. */
const BDAT: Run = (session, argument) => {
  const [, size, last] = /^(\d{1,15})(?: (LAST))?$/i.exec(argument) ?? []
  if (size === undefined) {
    // What follows would be taken for commands, and may be anything.
    session.finish(replies.BAD_CHUNK)
    return undefined
  }
  const refusal = whyNoMessage(session)
  return refusal === undefined
    ? session.receiveChunk(Number(size), last !== undefined)
    : session.skipChunk(Number(size), refusal)
}

const RSET: Run = (session, argument) => {
  if (argument !== '') return replies.BAD_ARGUMENTS
  session.reset()
  return replies.OK
}

const QUIT: Run = async (session, argument) => {
  if (argument !== '') return replies.BAD_ARGUMENTS
  session.finish(replies.BYE)
  return undefined
}

const STARTTLS: Run = async (session, argument) => {
  if (argument !== '') return replies.BAD_ARGUMENTS
  if (session.secure) return replies.ALREADY_SECURE
  if (!session.canStartTls) return replies.NOT_IMPLEMENTED
  await session.startTls()
  return undefined
}

const VRFY: Run = (_session, argument) => (argument === '' ? replies.BAD_ARGUMENTS : replies.CANNOT_VERIFY)
const notImplemented: Run = () => replies.NOT_IMPLEMENTED
const unknown: Run = () => replies.UNKNOWN_COMMAND

const COMMON: readonly (readonly [verb: string, run: Run])[] = [
  ['MAIL', MAIL],
  ['RCPT', RCPT],
  ['DATA', DATA],
  ['BDAT', BDAT],
  ['RSET', RSET],
  ['NOOP', () => replies.OK],
  ['VRFY', VRFY],
  ['HELP', () => replies.HELP],
  ['QUIT', QUIT],
  ['STARTTLS', STARTTLS],
  // Known verbs of extensions that are not offered here.
  ...['EXPN', 'AUTH', 'BURL', 'ETRN', 'TURN', 'SEND', 'SOML', 'SAML'].map(
    (verb) => [verb, notImplemented] as const,
  ),
]

const TABLES: Record<'smtp' | 'lmtp', ReadonlyMap<string, Run>> = {
  smtp: new Map<string, Run>([...COMMON, ['HELO', HELO], ['EHLO', EHLO]]),
  // RFC 2033 §4.1: LHLO takes their place.
  lmtp: new Map<string, Run>([...COMMON, ['LHLO', EHLO]]),
}

/** What runs a verb of this protocol. */
export const commandOf = (protocol: 'smtp' | 'lmtp', verb: string): Run =>
  TABLES[protocol].get(verb) ?? unknown
