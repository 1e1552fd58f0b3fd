// The grammar of commands: verbs, paths and parameters. RFC 5321 §4.1.1 and §4.1.2, with the UTF-8 of RFC 6531 §3.3.
// Pure: what a command means stands in commands.ts.

import { isUtf8 } from 'node:buffer'

export interface Command {
  /** In upper case. */
  readonly verb: string
  /** What follows the verb and its space; spaces at the end are taken off. */
  readonly argument: string
}

// Nothing that could end a header line, or hide in one, is text: C0, DEL, C1.
const CONTROL = /[\x00-\x1f\x7f-\x9f]/
const NON_ASCII = /[^\x00-\x7f]/

/** Undefined where the line is no text: control characters (bare CR and LF among them), or 8-bit that is not UTF-8. */
export function parseCommand(line: Buffer): Command | undefined {
  let text = line.toString('latin1')
  if (NON_ASCII.test(text)) {
    if (!isUtf8(line)) return undefined
    text = line.toString('utf8')
  }
  if (CONTROL.test(text)) return undefined
  const space = text.indexOf(' ')
  if (space === -1) return { verb: text.toUpperCase(), argument: '' }
  return { verb: text.slice(0, space).toUpperCase(), argument: text.slice(space + 1).trim() }
}

/**
 * Where mail is from or goes to. `text` is `local@domain`, the local part quoted only where it has to be;
 * empty for the null reverse-path.
 */
export interface Path {
  readonly text: string
  readonly kind: 'mailbox' | 'literal' | 'null' | 'postmaster'
}

export interface PathArgument {
  readonly path: Path
  /** Keywords in upper case; undefined for one without a value. */
  readonly parameters: ReadonlyMap<string, string | undefined>
}

const ATEXT = "[A-Za-z0-9!#$%&'*+/=?^_`{|}~\\-\\u{a0}-\\u{10ffff}]"
const DOT_STRING = `${ATEXT}+(?:\\.${ATEXT}+)*`
const QUOTED = '"(?:[^"\\\\]|\\\\.)*"'
// Underscores are no part of a domain by the letter, and stand in real ones.
const LABEL = '[A-Za-z0-9_\\-\\u{a0}-\\u{10ffff}]+'
const DOMAIN = `${LABEL}(?:\\.${LABEL})*`
const LITERAL = '\\[[A-Za-z0-9.:\\-]+\\]'
const ROUTE = `@${DOMAIN}(?:,@${DOMAIN})*:`
const PATH = new RegExp(`^<(?:${ROUTE})?(?:(${DOT_STRING})|(${QUOTED}))@(?:(${DOMAIN})|(${LITERAL}))>`, 'u')
const DOT_STRING_ONLY = new RegExp(`^${DOT_STRING}$`, 'u')
const PARAMETER = /^([A-Za-z0-9][A-Za-z0-9-]*)(?:=([^=]+))?$/
const HELO_DOMAIN = /^(?:[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*\.?|\[[A-Za-z0-9.:-]+\])$/

/** So that a header line with an address in it stays below RFC 5322's 998 octets. RFC 5321 §4.5.3.1.3 asks for 256. */
const MAX_PATH_OCTETS = 900

/** "MAIL FROM:<…> …" and "RCPT TO:<…> …" behind the verb; undefined where it does not follow the grammar. */
export function parsePathArgument(argument: string, keyword: 'FROM:' | 'TO:'): PathArgument | undefined {
  if (argument.slice(0, keyword.length).toUpperCase() !== keyword) return undefined
  // A space behind the colon is not allowed, and sent by many.
  const text = argument.slice(keyword.length).trimStart()
  const found = parsePath(text, keyword)
  if (found === undefined) return undefined
  const rest = text.slice(found.length)
  if (rest !== '' && !rest.startsWith(' ')) return undefined
  const parameters = parseParameters(rest)
  return parameters === undefined ? undefined : { path: found.path, parameters }
}

function parsePath(text: string, keyword: 'FROM:' | 'TO:'): { path: Path; length: number } | undefined {
  if (keyword === 'FROM:' && text.startsWith('<>')) return { path: { text: '', kind: 'null' }, length: 2 }
  // RFC 5321 §4.1.1.3: the one address that needs no domain.
  if (keyword === 'TO:' && /^<postmaster>/i.test(text)) {
    return { path: { text: 'postmaster', kind: 'postmaster' }, length: 12 }
  }
  const match = PATH.exec(text)
  if (match === null) return undefined
  const [whole, dotString, quoted, domain, literal] = match
  const local = dotString ?? unquote(quoted ?? '')
  const address = `${local}@${domain ?? literal}`
  if (local === '""' || Buffer.byteLength(address) > MAX_PATH_OCTETS) return undefined
  return { path: { text: address, kind: domain === undefined ? 'literal' : 'mailbox' }, length: whole.length }
}

/** The same local part written as simply as can be: RFC 5321 §4.1.2, "quotes are not part of the mailbox's name". */
function unquote(quoted: string): string {
  const content = quoted.slice(1, -1).replace(/\\(.)/gu, '$1')
  if (DOT_STRING_ONLY.test(content)) return content
  return `"${content.replace(/["\\]/g, '\\$&')}"`
}

/** Undefined where one does not follow the grammar or contradicts another. */
function parseParameters(text: string): Map<string, string | undefined> | undefined {
  const parameters = new Map<string, string | undefined>()
  if (text === '') return parameters
  for (const word of text.split(' ')) {
    if (word === '') continue
    const match = PARAMETER.exec(word)
    if (match === null) return undefined
    const [, name = '', value] = match
    const keyword = name.toUpperCase()
    // The same twice is sent by some, and says nothing else than once.
    if (parameters.has(keyword) && parameters.get(keyword) !== value) return undefined
    parameters.set(keyword, value)
  }
  return parameters
}

/** The argument of HELO, EHLO and LHLO: a domain or an address literal, as it may stand in Received. */
export const isHeloDomain = (text: string): boolean => text.length <= 255 && HELO_DOMAIN.test(text)

export const isAscii = (text: string): boolean => !NON_ASCII.test(text)
