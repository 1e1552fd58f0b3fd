// The fields of a header, unfolded, as latin1 strings: one character an octet, so that nothing is lost before somebody
// decides what the octets mean. RFC 5322 §2.2; a line without a colon is no field, a bare LF ends a line too.

const LF = 10
const CR = 13
const SPACE = 32
const TAB = 9

/**
 * Calls `visit` with the offsets of each field: the name is [start, nameEnd), the value with its folds [valueStart,
 * end), and `end` is behind its last newline. Linear in the header's length.
 */
export function eachField(
  header: string,
  visit: (start: number, nameEnd: number, valueStart: number, end: number) => void,
): void {
  const length = header.length
  let colon = -1
  let start = 0
  while (start < length) {
    let end = afterLine(header, start)
    while (end < length && isBlank(header.charCodeAt(end))) end = afterLine(header, end)
    if (colon < start && colon !== length) {
      colon = header.indexOf(':', start)
      if (colon < 0) colon = length
    }
    if (colon < end && colon > start) {
      let nameEnd = colon
      while (nameEnd > start && isBlank(header.charCodeAt(nameEnd - 1))) nameEnd--
      visit(start, nameEnd, colon + 1, end)
    }
    start = end
  }
}

/** Where a field begins at or behind `from`, or the end: so that a long header can be read in pieces of whole fields. */
export function nextField(header: Buffer, from: number): number {
  let newline = header.indexOf(LF, from)
  while (newline >= 0 && isBlank(header[newline + 1] ?? 0)) newline = header.indexOf(LF, newline + 1)
  return newline < 0 ? header.length : newline + 1
}

function afterLine(header: string, from: number): number {
  const newline = header.indexOf('\n', from)
  return newline < 0 ? header.length : newline + 1
}

const isBlank = (code: number): boolean => code === SPACE || code === TAB

/** The value of a field without its folds and the white space around it (RFC 5322 §2.2.3). */
export function unfold(header: string, start: number, end: number): string {
  let from = start
  let to = end
  while (from < to && header.charCodeAt(from) <= SPACE && isFoldOrBlank(header.charCodeAt(from))) from++
  while (to > from && header.charCodeAt(to - 1) <= SPACE && isFoldOrBlank(header.charCodeAt(to - 1))) to--
  const value = header.slice(from, to)
  return value.includes('\n') ? value.replace(/\r?\n/g, '') : value
}

/** Runs of blanks as one: folding leaves them behind, and people read them so. */
export const collapseBlanks = (value: string): string => value.replace(/[\t ]{2,}|\t/g, ' ')

const isFoldOrBlank = (code: number): boolean => isBlank(code) || code === LF || code === CR
