// Reads the fields of a header that parsing needs: what describes a part (RFC 2045, RFC 2183, RFC 3282, RFC 2557,
// RFC 1864), and of a message's header what its ENVELOPE and summary are made of (RFC 5322 §3.6).
import type { Disposition } from '../model/message.js'
import type { DraftPart } from './draft-part.js'
import { EnvelopeFields } from './envelope.js'
import { eachField, unfold } from './header-fields.js'
import { Lexer } from './lexer.js'
import type { MimeLimits } from './limits.js'
import { readParameters } from './parameters.js'

export interface HeaderContent {
  /** Of a multipart whose header names one. */
  readonly boundary: string | undefined
  readonly fields: EnvelopeFields | undefined
}

/** By a name's length and its first letter: whether it can be one that is read here. Saves looking at the others. */
const CANDIDATES = new Set<number>()
const PART_FIELDS = new Set([
  'content-type',
  'content-transfer-encoding',
  'content-disposition',
  'content-id',
  'content-description',
  'content-md5',
  'content-language',
  'content-location',
])
const MESSAGE_FIELDS = new Set([
  ...['from', 'sender', 'reply-to', 'to', 'cc', 'bcc', 'date', 'subject'],
  ...['message-id', 'in-reply-to', 'references'],
])
for (const name of [...PART_FIELDS, ...MESSAGE_FIELDS]) CANDIDATES.add(name.length * 256 + name.charCodeAt(0))

const SLASH = 47
const QUOTE = 34
/** Longer boundaries are cut: RFC 2046 §5.1.1 allows 70 octets. */
const LONGEST_BOUNDARY = 1000

export interface HeaderPlace {
  /** A message's header, of which so many addresses may be read; undefined for a part's. */
  readonly addresses: number | undefined
  readonly inDigest: boolean
}

/** Reads the header `text` (latin1, with its folds) into `part`. */
export function readHeader(
  part: DraftPart,
  text: string,
  { addresses, inDigest }: HeaderPlace,
  limits: MimeLimits,
): HeaderContent {
  const fields = addresses === undefined ? undefined : new EnvelopeFields(addresses)
  const seen = new Set<string>()
  eachField(text, (start, nameEnd, valueStart, end) => {
    if (!CANDIDATES.has((nameEnd - start) * 256 + (text.charCodeAt(start) | 32))) return
    const name = text.slice(start, nameEnd).toLowerCase()
    if (PART_FIELDS.has(name)) {
      // Of several the first counts.
      if (seen.has(name)) return
      seen.add(name)
      readPartField(part, name, unfold(text, valueStart, end), limits)
    } else if (fields !== undefined && MESSAGE_FIELDS.has(name)) {
      readMessageField(fields, name, unfold(text, valueStart, end))
    }
  })
  if (inDigest && !seen.has('content-type')) {
    // RFC 2046 §5.1.5: the default in a digest.
    part.type = 'message'
    part.subtype = 'rfc822'
  }
  return { boundary: part.type === 'multipart' ? boundaryOf(part) : undefined, fields }
}

function boundaryOf(part: DraftPart): string | undefined {
  const found = part.params.find(([name]) => name.toLowerCase() === 'boundary')
  return found?.[1].slice(0, LONGEST_BOUNDARY)
}

function readPartField(part: DraftPart, name: string, value: string, limits: MimeLimits): void {
  switch (name) {
    case 'content-type':
      readType(part, value, limits)
      return
    case 'content-transfer-encoding':
      part.encoding = readEncoding(value)
      return
    case 'content-disposition':
      part.disposition = readDisposition(value, limits)
      return
    case 'content-id':
      part.id = value
      return
    case 'content-description':
      part.description = value
      return
    case 'content-md5':
      part.md5 = value
      return
    case 'content-location':
      part.location = value
      return
    default:
      part.language = readLanguages(value)
  }
}

/** RFC 2045 §5.1; what cannot be read counts as text/plain (§5.2). */
function readType(part: DraftPart, value: string, limits: MimeLimits): void {
  const lexer = new Lexer(value)
  lexer.skipCfws()
  const type = lexer.token().toLowerCase()
  lexer.skipCfws()
  if (type === '' || !lexer.take(SLASH)) return
  lexer.skipCfws()
  const subtype = lexer.token().toLowerCase()
  if (subtype === '') return
  part.type = type
  part.subtype = subtype
  part.params = readParameters(lexer, limits.parameters)
}

function readEncoding(value: string): string {
  const lexer = new Lexer(value)
  lexer.skipCfws()
  if (lexer.peek() === QUOTE) return lexer.quotedString().toLowerCase() || '7bit'
  const token = lexer.token()
  lexer.skipCfws()
  return token === '' || lexer.atToken ? '7bit' : token.toLowerCase()
}

function readDisposition(value: string, limits: MimeLimits): Disposition {
  const lexer = new Lexer(value)
  lexer.skipCfws()
  const type = lexer.token()
  return { type, params: readParameters(lexer, limits.parameters) }
}

/** RFC 3282 §2: a list of language tags. */
function readLanguages(value: string): string[] {
  const lexer = new Lexer(value)
  const languages: string[] = []
  while (!lexer.atEnd && languages.length < 100) {
    lexer.skipCfws()
    const tag = lexer.atom()
    if (tag !== '') languages.push(tag)
    lexer.skipTo(',')
    lexer.pos++
  }
  return languages
}

function readMessageField(fields: EnvelopeFields, name: string, value: string): void {
  switch (name) {
    case 'date':
      fields.date = value
      return
    case 'subject':
      fields.subject = value
      return
    case 'message-id':
      fields.messageId = value
      return
    case 'in-reply-to':
      fields.inReplyTo = value
      return
    case 'references':
      fields.references = value
      return
    case 'reply-to':
      fields.addAddresses('replyTo', value)
      return
    case 'from':
    case 'sender':
    case 'to':
    case 'cc':
    case 'bcc':
      fields.addAddresses(name, value)
  }
}
