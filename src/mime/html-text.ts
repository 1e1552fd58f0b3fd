// The text that a reader of an HTML body sees, for search and intro. Only the tokens are looked at: htmlparser2's Parser
// keeps a stack, and tags nested 160,000 deep hold it up for 4 s. HTML Living Standard §13.2.5.
import { Tokenizer } from 'htmlparser2'

/** Elements whose content is not shown; for the tokenizer it is all text up to their end tag. */
const HIDDEN = new Set(['script', 'style', 'title', 'textarea'])

/** Elements that stand inside a line; every other tag ends it. */
const INLINE = new Set(
  (
    'a abbr acronym b basefont bdi bdo big cite code data del dfn em embed font i img input ins kbd label map mark ' +
    'nobr object param q rp rt ruby s samp select small span strike strong sub sup time tt u var wbr'
  ).split(' '),
)

const ignore = (): void => {}
const IGNORED = {
  onattribdata: ignore,
  onattribend: ignore,
  onattribentity: ignore,
  onattribname: ignore,
  oncdata: ignore,
  oncomment: ignore,
  ondeclaration: ignore,
  onend: ignore,
  onopentagend: ignore,
  onprocessinginstruction: ignore,
  onselfclosingtag: ignore,
}

/** Visible text with blanks collapsed and a newline where a block begins or ends. Linear, never throws. */
export function htmlText(html: string): string {
  let text = ''
  let hidden: string | undefined
  const tokenizer = new Tokenizer(
    { xmlMode: false, decodeEntities: true },
    {
      ontext: (start, end) => {
        if (hidden === undefined) text += withoutNewlines(html.slice(start, end))
      },
      ontextentity: (code) => {
        if (hidden === undefined) text += code === NO_BREAK_SPACE ? ' ' : String.fromCodePoint(code)
      },
      onopentagname: (start, end) => {
        const name = html.slice(start, end).toLowerCase()
        if (HIDDEN.has(name)) hidden = name
        if (!INLINE.has(name)) text += '\n'
      },
      onclosetag: (start, end) => {
        const name = html.slice(start, end).toLowerCase()
        if (hidden === name) hidden = undefined
        if (!INLINE.has(name)) text += '\n'
      },
      ...IGNORED,
    },
  )
  tokenizer.write(html)
  tokenizer.end()
  return collapse(text)
}

const NO_BREAK_SPACE = 0xa0

/** Newlines of the source are blanks. */
const withoutNewlines = (source: string): string =>
  /[\t\n\f\r]/.test(source) ? source.replace(/[\t\n\f\r ]+/g, ' ') : source

/** Blanks as HTML shows them: one space, or one newline where there is a block's edge. */
function collapse(text: string): string {
  return text
    .replace(/ {2,}/g, ' ')
    .replace(/ ?\n[ \n]*/g, '\n')
    .trim()
}
