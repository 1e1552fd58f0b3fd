// The base subject of RFC 5256 §2.1: without the marks of replies and forwards, for sorting and threading.

const BLOB = '\\[[^\\[\\]]*\\]'
const TRAILER = /(?:\s|\(fwd\))+$/i
const LEADER = new RegExp(`^(?:\\s+|(?:${BLOB}\\s*)*(?:re|fwd?)\\s*(?:${BLOB}\\s*)?:)`, 'i')
const LEADING_BLOB = new RegExp(`^${BLOB}\\s*`)
const FORWARD = /^\[fwd:(.*)\]$/is
/** A subject can be a whole megabyte; its base is read from the beginning. */
const LONGEST = 2048

/** From the decoded subject; lower case, blanks collapsed. */
export function baseSubject(subject: string): string {
  let base = subject.slice(0, LONGEST).replace(/\s+/g, ' ')
  for (;;) {
    base = withoutLeaders(withoutTrailer(base))
    const forwarded = FORWARD.exec(base)
    if (forwarded === null) return base.trim().toLowerCase()
    base = forwarded[1] ?? ''
  }
}

function withoutTrailer(subject: string): string {
  return subject.replace(TRAILER, '')
}

/** Leaders as often as there are any, then a blob if something is left behind it, and so on. */
function withoutLeaders(subject: string): string {
  let rest = subject
  for (;;) {
    const before = rest
    rest = rest.replace(LEADER, '')
    const unblobbed = rest.replace(LEADING_BLOB, '')
    if (unblobbed !== '') rest = unblobbed
    if (rest === before) return rest
  }
}
