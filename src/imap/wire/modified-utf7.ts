// Mailbox names on the wire: modified UTF-7, RFC 3501 §5.1.3. Decoding is strict, so that every name has one spelling.

const PRINTABLE = /^[\x20-\x25\x27-\x7e]*$/
const LONE_SURROGATE = /\p{Surrogate}/u
const SHIFTED = /&([A-Za-z0-9+,]*)-/g

/** UTF-16 as big-endian octets, in base64 with "," for "/" and without padding. */
function shift(text: string): string {
  if (text === '&') return '&-'
  const octets = Buffer.from(text, 'utf16le').swap16()
  return `&${octets.toString('base64').replace(/=+$/, '').replaceAll('/', ',')}-`
}

/** Any Unicode text; lone surrogates go out as they are. */
export function encodeModifiedUtf7(text: string): string {
  if (PRINTABLE.test(text)) return text
  return text.replace(/&|[^\x20-\x7e]+/g, shift)
}

function unshift(base64: string): string | undefined {
  if (base64 === '') return '&'
  const octets = Buffer.from(base64.replaceAll(',', '/'), 'base64')
  if (octets.length === 0 || octets.length % 2 !== 0) return undefined
  const text = octets.swap16().toString('utf16le')
  // One spelling only: no printable ASCII inside, no unused bits set, whole characters.
  const canonical = shift(text) === `&${base64}-` && !/[\x20-\x7e]/.test(text) && !LONE_SURROGATE.test(text)
  return canonical ? text : undefined
}

/** Undefined where the octets are not modified UTF-7 in its one spelling. */
export function decodeModifiedUtf7(text: string): string | undefined {
  if (PRINTABLE.test(text)) return text
  let decoded = ''
  let from = 0
  let afterShift = -1
  for (const match of text.matchAll(SHIFTED)) {
    const plain = text.slice(from, match.index)
    const unshifted = unshift(match[1] ?? '')
    if (unshifted === undefined || !PRINTABLE.test(plain)) return undefined
    // Two shifts in a row would have been one: "&U,BTFw-&ZeVnLIqe-" is a second spelling (null shift).
    if (match[1] !== '' && match.index === afterShift) return undefined
    decoded += plain + unshifted
    from = match.index + match[0].length
    afterShift = match[1] === '' ? -1 : from
  }
  const rest = text.slice(from)
  return PRINTABLE.test(rest) ? decoded + rest : undefined
}
