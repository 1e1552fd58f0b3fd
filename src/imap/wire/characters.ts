// Which octets the grammar of RFC 3501 §9 lets stand where, as one table of 256 classes.

export const ATOM = 1
export const ASTRING = 2
export const LIST = 4
export const TAG = 8
export const DIGIT = 16
/** Names of FETCH items and sections: an atom would take their "[" too. */
export const ITEM = 32

const ATOM_SPECIALS = '(){ %*"\\]'

function classOf(octet: number): number {
  if (octet <= 0x20 || octet >= 0x7f) return 0
  const character = String.fromCharCode(octet)
  const atom = !ATOM_SPECIALS.includes(character)
  let classes = atom ? ATOM | ASTRING | LIST : 0
  // ASTRING-CHAR = ATOM-CHAR / resp-specials; list-char adds the wildcards to that.
  if (character === ']') classes |= ASTRING | LIST
  if (character === '%' || character === '*') classes |= LIST
  if (classes & ASTRING && character !== '+') classes |= TAG
  if (character >= '0' && character <= '9') classes |= DIGIT
  if (/[A-Za-z0-9.-]/.test(character)) classes |= ITEM
  return classes
}

const CLASSES = Uint8Array.from({ length: 256 }, (_, octet) => classOf(octet))

/** The end of the run of octets of `kind` that begins at `at`. */
export function endOfRun(octets: Uint8Array, at: number, kind: number): number {
  let end = at
  while (end < octets.length && ((CLASSES[octets[end] ?? 0] ?? 0) & kind) !== 0) end++
  return end
}

/** True where a word may stand as an atom, without quotes. */
export function isAtom(text: string): boolean {
  if (text === '') return false
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code > 0x7e || ((CLASSES[code] ?? 0) & ATOM) === 0) return false
  }
  return true
}
