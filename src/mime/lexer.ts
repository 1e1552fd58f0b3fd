// Reads the lexical tokens of structured header fields: comments, atoms, quoted strings, domains. RFC 5322 §3.2 with
// the obsolete forms of §4, and RFC 2045 §5.1 for tokens. Octets above 127 count as letters; it never throws.

const QUOTE = 34
const BACKSLASH = 92
const OPEN = 40
const CLOSE = 41
const DOT = 46
const STOP = -1

/** By code: bit 1 is an atom's character (RFC 5322 §3.2.3), bit 2 a token's (RFC 2045 §5.1), bit 4 white space. */
const KINDS = new Uint8Array(256)
const ATOM = 1
const TOKEN = 2
const BLANK = 4
for (let code = 0; code < 256; code++) {
  const char = String.fromCharCode(code)
  if (code > 32 && code !== 127) {
    KINDS[code] =
      ('()<>[]:;@\\,."'.includes(char) ? 0 : ATOM) | ('()<>@,;:\\"/[]?='.includes(char) ? 0 : TOKEN)
  }
  if (' \t\r\n'.includes(char)) KINDS[code] = BLANK
}

export class Lexer {
  readonly text: string
  pos = 0
  /** The last comment that was skipped, without its parentheses. */
  comment: string | undefined

  constructor(text: string) {
    this.text = text
  }

  get atEnd(): boolean {
    return this.pos >= this.text.length
  }

  /** The code of the next character, or -1. */
  peek(): number {
    return this.pos < this.text.length ? this.text.charCodeAt(this.pos) : STOP
  }

  /** Takes the next character if it is this one. */
  take(code: number): boolean {
    if (this.peek() !== code) return false
    this.pos++
    return true
  }

  skipBlanks(): void {
    while (is(this.peek(), BLANK)) this.pos++
  }

  /** White space and comments. */
  skipCfws(): void {
    for (;;) {
      this.skipBlanks()
      if (this.peek() !== OPEN) return
      this.#skipComment()
    }
  }

  #skipComment(): void {
    const { text } = this
    const start = ++this.pos
    let depth = 1
    for (; this.pos < text.length; this.pos++) {
      const code = text.charCodeAt(this.pos)
      if (code === BACKSLASH) this.pos++
      else if (code === OPEN) depth++
      else if (code === CLOSE && --depth === 0) break
    }
    this.comment = unquotePairs(text.slice(start, this.pos)).trim()
    this.pos++
  }

  /** An atom, dots not in it; empty where there is none. */
  atom(): string {
    return this.#run(ATOM)
  }

  /** A token of RFC 2045. */
  token(): string {
    return this.#run(TOKEN)
  }

  get atToken(): boolean {
    return is(this.peek(), TOKEN)
  }

  /** What begins with `=?`, up to a blank or semicolon; empty where nothing does. */
  encodedWord(): string {
    if (!this.text.startsWith('=?', this.pos)) return ''
    const start = this.pos
    while (!this.atEnd && this.peek() !== 59 && !is(this.peek(), BLANK)) this.pos++
    return this.text.slice(start, this.pos)
  }

  #run(kind: number): string {
    const start = this.pos
    while (is(this.peek(), kind)) this.pos++
    return this.text.slice(start, this.pos)
  }

  /** The content of a quoted string, which begins here; one that nothing ends goes to the end. */
  quotedString(): string {
    const start = ++this.pos
    const { text } = this
    let escaped = false
    for (; this.pos < text.length; this.pos++) {
      const code = text.charCodeAt(this.pos)
      if (code === QUOTE) break
      if (code === BACKSLASH) {
        escaped = true
        this.pos++
      }
    }
    const content = text.slice(start, Math.min(this.pos, text.length))
    this.pos++
    return escaped ? unquotePairs(content) : content
  }

  /** Words and dots as they stand, runs of blanks and comments between them as one space (RFC 5322 §3.2.5). */
  phrase(): string {
    let phrase = ''
    for (;;) {
      const before = this.pos
      this.skipCfws()
      const spaced = this.pos > before && phrase !== ''
      const word = this.#phraseWord()
      if (word === undefined) return phrase
      phrase += spaced ? ` ${word}` : word
    }
  }

  #phraseWord(): string | undefined {
    const code = this.peek()
    if (code === QUOTE) return this.quotedString()
    if (code !== DOT && !is(code, ATOM)) return undefined
    const start = this.pos
    while (this.peek() === DOT || is(this.peek(), ATOM)) this.pos++
    return this.text.slice(start, this.pos)
  }

  /** Words joined by dots, blanks and comments around the dots left out (RFC 5322 §3.4.1, §4.4). */
  dotted(): string {
    let dotted = ''
    for (;;) {
      const code = this.peek()
      if (code === QUOTE) dotted += this.quotedString()
      else if (is(code, ATOM)) dotted += this.atom()
      else if (code !== DOT) return dotted
      this.skipCfws()
      if (!this.take(DOT)) return dotted
      dotted += '.'
      this.skipCfws()
    }
  }

  /** `[1.2.3.4]`, with its brackets. */
  domainLiteral(): string {
    const end = this.text.indexOf(']', this.pos)
    const start = this.pos
    this.pos = end < 0 ? this.text.length : end + 1
    return this.text.slice(start, this.pos)
  }

  /** To the next one of these characters outside quotes and comments, or to the end. */
  skipTo(stops: string): void {
    while (!this.atEnd && !stops.includes(this.text.charAt(this.pos))) {
      if (this.peek() === QUOTE) this.quotedString()
      else if (this.peek() === OPEN) this.#skipComment()
      else this.pos++
    }
  }
}

function is(code: number, kind: number): boolean {
  return code >= 0 && ((KINDS[code] ?? 0) & kind) !== 0
}

/** Quoted pairs without their backslashes (RFC 5322 §3.2.1). */
function unquotePairs(text: string): string {
  return text.includes('\\') ? text.replace(/\\([\s\S]?)/g, '$1') : text
}
