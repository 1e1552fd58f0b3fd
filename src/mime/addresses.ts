// Address lists of header fields, as ENVELOPE gives them: groups as markers, names not decoded. RFC 5322 §3.4 and §4.4,
// RFC 3501 §7.4.2. What is missing from an address is said in the words that Dovecot uses, since NIL means a group.
import { decodeWords } from './encoded-words.js'
import { Lexer } from './lexer.js'

export interface MailAddress {
  /** Latin1, encoded-words as they stand. */
  readonly name: string | undefined
  /** Undefined in the marker that ends a group; the group's name in the one that begins it. */
  readonly mailbox: string | undefined
  /** Undefined in both markers of a group. */
  readonly host: string | undefined
  /** An obsolete route, `@a,@b` (RFC 5322 §4.4); few addresses have one. */
  readonly route?: string
}

const MISSING_MAILBOX = 'MISSING_MAILBOX'
const MISSING_DOMAIN = 'MISSING_DOMAIN'
const SYNTAX_ERROR = 'SYNTAX_ERROR'

const COMMA = 44
const COLON = 58
const SEMICOLON = 59
const LESS = 60
const GREATER = 62
const AT = 64
const BRACKET = 91

/** Appends the addresses of a field's value (latin1, unfolded) to `list`, which grows to at most `limit`. */
export function readAddresses(value: string, list: MailAddress[], limit: number): void {
  const lexer = new Lexer(value)
  for (;;) {
    lexer.skipCfws()
    if (lexer.atEnd || list.length >= limit) return
    if (lexer.take(COMMA)) continue
    readAddress(lexer, list, limit)
    lexer.skipTo(',')
  }
}

function readAddress(lexer: Lexer, list: MailAddress[], limit: number): void {
  const start = lexer.pos
  const phrase = lexer.phrase()
  if (lexer.peek() === COLON && lexer.pos > start) {
    lexer.pos++
    readGroup(lexer, phrase, list, limit)
  } else list.push(readMailbox(lexer, start, phrase))
}

/** `name: a@b, c@d;` up to and with its semicolon. */
function readGroup(lexer: Lexer, name: string, list: MailAddress[], limit: number): void {
  list.push({ name: undefined, mailbox: name, host: undefined })
  for (;;) {
    lexer.skipCfws()
    if (lexer.atEnd || lexer.take(SEMICOLON)) break
    if (lexer.take(COMMA)) continue
    if (list.length >= limit) break
    const start = lexer.pos
    list.push(readMailbox(lexer, start, lexer.phrase()))
    lexer.skipTo(',;')
  }
  list.push({ name: undefined, mailbox: undefined, host: undefined })
}

/** The mailbox at `start`; its phrase has been read already. */
function readMailbox(lexer: Lexer, start: number, phrase: string): MailAddress {
  if (lexer.take(LESS)) return readAngle(lexer, phrase)
  if (lexer.peek() === AT) return readBare(lexer, start, phrase)
  if (lexer.pos === start) return { name: undefined, mailbox: MISSING_MAILBOX, host: MISSING_DOMAIN }
  if (phrase.includes(' ')) return { name: phrase, mailbox: MISSING_MAILBOX, host: MISSING_DOMAIN }
  return { name: undefined, mailbox: phrase, host: MISSING_DOMAIN }
}

/** `<@route:local@domain>` behind its `<`. */
function readAngle(lexer: Lexer, phrase: string): MailAddress {
  const name = phrase === '' ? undefined : phrase
  lexer.skipCfws()
  const route = lexer.peek() === AT ? readRoute(lexer) : undefined
  const local = lexer.dotted()
  let host: string | undefined
  if (lexer.take(AT)) host = readDomain(lexer)
  lexer.skipCfws()
  const ended = lexer.take(GREATER)
  if (!ended) host = SYNTAX_ERROR
  const address = { name, mailbox: local || MISSING_MAILBOX, host: host || MISSING_DOMAIN }
  return route === undefined ? address : { ...address, route }
}

/** `@a,@b:` (RFC 5322 §4.4, obs-route), without its colon and its blanks; undefined where no colon ends it. */
function readRoute(lexer: Lexer): string | undefined {
  const start = lexer.pos
  lexer.skipTo(':>')
  const route = lexer.text.slice(start, lexer.pos).replace(/\s+/g, '')
  if (!lexer.take(COLON)) return undefined
  lexer.skipCfws()
  return route
}

/** `local@domain (name)`; where the local part has blanks in it the whole is taken for a name. */
function readBare(lexer: Lexer, start: number, phrase: string): MailAddress {
  const at = lexer.pos
  lexer.pos = start
  lexer.skipCfws()
  const local = lexer.dotted()
  lexer.skipCfws()
  if (lexer.pos !== at) {
    lexer.pos = at
    return { name: phrase, mailbox: MISSING_MAILBOX, host: MISSING_DOMAIN }
  }
  lexer.pos++
  lexer.comment = undefined
  const host = readDomain(lexer)
  lexer.skipCfws()
  return { name: lexer.comment || undefined, mailbox: local || MISSING_MAILBOX, host: host || MISSING_DOMAIN }
}

function readDomain(lexer: Lexer): string {
  lexer.skipCfws()
  return lexer.peek() === BRACKET ? lexer.domainLiteral() : lexer.dotted()
}

function mailboxText(name: string | undefined, mailbox: string, host: string): string {
  const address = decodeWords(host === MISSING_DOMAIN ? mailbox : `${mailbox}@${host}`)
  return name === undefined ? address : `${decodeWords(name)} <${address}>`
}

/** `Name <address>, group: address, address;` decoded, for people, for sorting and for SEARCH. */
export function addressText(list: readonly MailAddress[]): string {
  let text = ''
  let between = ''
  for (const { name, mailbox, host } of list) {
    if (mailbox === undefined) text += ';'
    else if (host === undefined) text += `${between}${decodeWords(mailbox)}:`
    else text += between + mailboxText(name, mailbox, host)
    between = mailbox !== undefined && host === undefined ? ' ' : ', '
  }
  return text
}
