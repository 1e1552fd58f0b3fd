// Strings of IMAP responses, as latin1 text: one character an octet. RFC 3501 §4.3 and §9.

// NUL, CR, LF and octets above 127 are not allowed in a quoted string.
const NOT_QUOTABLE = /[\0\r\n\x80-\xff]/
const SPECIAL = /["\\]/
const SPECIALS = /["\\]/g

/** A quoted string, or a literal where that is not allowed. A literal cannot carry NUL: it goes out as 0x80. */
export function imapString(value: string): string {
  if (NOT_QUOTABLE.test(value)) {
    const octets = value.includes('\0') ? value.replaceAll('\0', '\x80') : value
    return `{${octets.length}}\r\n${octets}`
  }
  return SPECIAL.test(value) ? `"${value.replace(SPECIALS, '\\$&')}"` : `"${value}"`
}

export function nstring(value: string | undefined): string {
  return value === undefined ? 'NIL' : imapString(value)
}
