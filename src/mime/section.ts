// What a section of FETCH BODY[…] addresses in the tree of parts. RFC 3501 §6.4.5, RFC 9051 §6.4.5: a message that is
// no multipart has one part, its body; the parts of an enclosed message are numbered as if it stood alone.
import type { Part, Span } from '../model/message.js'

export interface Section {
  /** Part numbers; none for the whole message. */
  readonly part: readonly number[]
  readonly text: '' | 'HEADER' | 'TEXT' | 'MIME' | 'HEADER.FIELDS' | 'HEADER.FIELDS.NOT'
  /** Field names of HEADER.FIELDS and HEADER.FIELDS.NOT; the span found is then still to be filtered. */
  readonly names?: readonly string[]
}

/** The octets of the source that the section addresses, before `HeaderFilter` where it has names. */
export function findSection(root: Part, section: Section): Span | 'absent' {
  const { part: path, text } = section
  if (path.length === 0) {
    if (text === 'MIME') return 'absent'
    return text === '' ? { start: root.header.start, end: root.body.end } : headerOrText(root, text)
  }
  const part = findPart(root, path)
  if (part === undefined) return 'absent'
  if (text === '') return part.body
  if (text === 'MIME') return part.header
  return part.message === undefined ? 'absent' : headerOrText(part.message, text)
}

function headerOrText(message: Part, text: Section['text']): Span {
  return text === 'TEXT' ? message.body : message.header
}

/** The part that the numbers lead to. */
function findPart(root: Part, path: readonly number[]): Part | undefined {
  let part: Part | undefined
  for (const number of path) {
    // Numbers count the parts of a message, or of a multipart; any other part has none.
    const message: Part | undefined = part === undefined ? root : part.message
    const container: Part | undefined = message ?? part
    if (container?.children !== undefined) part = container.children[number - 1]
    else part = message !== undefined && number === 1 ? message : undefined
    if (part === undefined) return undefined
  }
  return part
}
