// Full case folding, as far as it can be had without a table of our own: what makes two spellings of a user name or an
// address one. Unicode §3.13 (D144, D145); docs/adr/0003-addresses-and-usernames.md.

/** Turkish dotless i, whose capital is I: folding it to i would join two different letters. */
const DOTLESS_I = '\u0131'

/** Lower, upper, lower, one code point at a time: this way neither the final sigma nor ß, ẞ and SS stay apart. */
const foldCodePoint = (character: string): string =>
  character === DOTLESS_I ? character : character.toLowerCase().toUpperCase().toLowerCase()

/** The text in NFC with the differences of case taken out. Stable: a folded text folds to itself. */
export function foldCase(text: string): string {
  if (/^[\u0000-\u007f]*$/.test(text)) return text.toLowerCase()
  let folded = ''
  for (const character of text.normalize('NFD')) folded += foldCodePoint(character)
  return folded.normalize('NFC')
}
