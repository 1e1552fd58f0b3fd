// BODYSTRUCTURE and BODY as they go over the wire, from the tree of parts. RFC 3501 §7.4.2 and §9 (body, body-ext-1part,
// body-ext-mpart). As octets in a latin1 string.
import type { Parameters, Part } from '../model/message.js'
import { imapString, nstring } from './imap-string.js'

/** A multipart must have a part (RFC 3501 §9, body-type-mpart): one that has none shows an empty text. */
const NO_PART = '("text" "plain" ("charset" "us-ascii") NIL NIL "7bit" 0 0'

/** BODYSTRUCTURE, with extension data. */
export function structureResponse(root: Part): string {
  return body(root, true)
}

/** BODY, without extension data. */
export function bodyResponse(root: Part): string {
  return body(root, false)
}

/** The tree is at most as deep as parsing lets it grow. */
function body(part: Part, extended: boolean): string {
  return part.children === undefined ? single(part, extended) : multipart(part, part.children, extended)
}

function multipart(part: Part, children: readonly Part[], extended: boolean): string {
  let text = '('
  for (const child of children) text += body(child, extended)
  if (children.length === 0) text += extended ? `${NO_PART} NIL NIL NIL NIL)` : `${NO_PART})`
  text += ` ${imapString(part.subtype)}`
  if (extended) text += ` ${parameters(part.params)} ${dispositionAndMore(part)}`
  return `${text})`
}

function single(part: Part, extended: boolean): string {
  const isText = part.type === 'text'
  const fields = `${isText ? textParameters(part.params) : parameters(part.params)} ${nstring(part.id)} ${nstring(part.description)}`
  const octets = part.body.end - part.body.start
  let text = `(${imapString(part.type)} ${imapString(part.subtype)} ${fields} ${imapString(part.encoding)} ${octets}`
  // RFC 3501 §9 (media-message): no other message shows what is in it, message/global is one that its clients do not know.
  if (part.message !== undefined && part.subtype === 'rfc822') {
    text += ` ${part.envelope ?? 'NIL'} ${body(part.message, extended)} ${part.lines}`
  } else if (isText) text += ` ${part.lines}`
  if (extended) text += ` ${nstring(part.md5)} ${dispositionAndMore(part)}`
  return `${text})`
}

function parameters(params: Parameters): string {
  if (params.length === 0) return 'NIL'
  let text = '('
  for (const [name, value] of params)
    text += `${text === '(' ? '' : ' '}${imapString(name)} ${imapString(value)}`
  return `${text})`
}

/** RFC 2045 §5.2: a text without a charset is in US-ASCII, and the response says so. */
function textParameters(params: Parameters): string {
  if (params.length === 0) return '("charset" "us-ascii")'
  const hasCharset = params.some(([name]) => name.toLowerCase() === 'charset')
  return parameters(hasCharset ? params : [...params, ['charset', 'us-ascii']])
}

function dispositionAndMore({ disposition, language, location }: Part): string {
  const shown =
    disposition === undefined ? 'NIL' : `(${imapString(disposition.type)} ${parameters(disposition.params)})`
  const languages =
    language === undefined || language.length === 0 ? 'NIL' : `(${language.map(imapString).join(' ')})`
  return `${shown} ${languages} ${nstring(location)}`
}
