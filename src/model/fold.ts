// Full case folding, as far as it can be had without a table of our own: what makes two spellings of a user name or an
// address one. Unicode §3.13 (D144, D145); docs/adr/0003-addresses-and-usernames.md.

/** Turkish dotless i, whose capital is I: folding it to i would join two different letters. */
const DOTLESS_I = '\u0131'

/**
 * Lower, upper, lower: this way ß, ẞ and SS do not stay apart. Only the final sigma depends on what stands around it, and is
 * made one with the other; all the rest is as if each code point were folded alone.
 */
const foldLetters = (text: string): string =>
  text.toLowerCase().toUpperCase().toLowerCase().replaceAll('\u03c2', '\u03c3')

/** The text in NFC with the differences of case taken out. Stable: a folded text folds to itself. */
export function foldCase(text: string): string {
  if (/^[\u0000-\u007f]*$/.test(text)) return text.toLowerCase()
  // As a whole: code point by code point, a large message takes a minute and gigabytes.
  return text.normalize('NFD').split(DOTLESS_I).map(foldLetters).join(DOTLESS_I).normalize('NFC')
}
