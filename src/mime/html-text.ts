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

const NO_BREAK_SPACE = 0xa0
/** Of the piece before so much is at hand: a tag's name or an entity may begin there. A longer name is none we know. */
const KEPT = 1024

/** Visible text with blanks collapsed and a newline where a block begins or ends. Linear, never throws. */
export function htmlText(html: string): string {
  const reader = new HtmlText()
  return (reader.push(html) + reader.end()).trim()
}

/** The same from a body that comes in pieces, whatever they are; only the blanks at both ends are not cut off. */
export class HtmlText {
  /** The last piece, and before it the end of what came before. */
  #window = ''
  /** Characters of the body before the window. */
  #before = 0
  #text = ''
  /** Blanks whose number is not known yet, as they would be shown if nothing followed. */
  #blanks = ''
  #hidden: string | undefined
  readonly #tokenizer = new Tokenizer(
    { xmlMode: false, decodeEntities: true },
    {
      ontext: (start, end) => {
        if (this.#hidden === undefined) this.#text += withoutNewlines(this.#source(start, end))
      },
      ontextentity: (code) => {
        if (this.#hidden !== undefined) return
        this.#text += code === NO_BREAK_SPACE ? ' ' : String.fromCodePoint(code)
      },
      onopentagname: (start, end) => {
        const name = this.#source(start, end).toLowerCase()
        if (HIDDEN.has(name)) this.#hidden = name
        if (!INLINE.has(name)) this.#text += '\n'
      },
      onclosetag: (start, end) => {
        const name = this.#source(start, end).toLowerCase()
        if (this.#hidden === name) this.#hidden = undefined
        if (!INLINE.has(name)) this.#text += '\n'
      },
      ...IGNORED,
    },
  )

  push(html: string): string {
    const kept = this.#window.slice(-KEPT)
    this.#before += this.#window.length - kept.length
    this.#window = kept + html
    this.#tokenizer.write(html)
    return this.#settled()
  }

  end(): string {
    this.#tokenizer.end()
    return this.#settled() + this.#blanks
  }

  #source(start: number, end: number): string {
    return this.#window.slice(Math.max(0, start - this.#before), end - this.#before)
  }

  /** What was read since the last time, but for the blanks at its end: more may follow. */
  #settled(): string {
    const text = this.#blanks + this.#text
    let end = text.length
    while (end > 0 && (text[end - 1] === ' ' || text[end - 1] === '\n')) end--
    this.#text = ''
    this.#blanks = collapse(text.slice(end))
    return collapse(text.slice(0, end))
  }
}

/** Newlines of the source are blanks. */
const withoutNewlines = (source: string): string =>
  /[\t\n\f\r]/.test(source) ? source.replace(/[\t\n\f\r ]+/g, ' ') : source

/** Blanks as HTML shows them: one space, or one newline where there is a block's edge. */
function collapse(text: string): string {
  return text.replace(/ {2,}/g, ' ').replace(/ ?\n[ \n]*/g, '\n')
}
