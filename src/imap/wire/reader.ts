// Reads one command, its literals in place, by the productions of RFC 3501 §9. Methods carry the grammar's names: peek…
// asks, take… consumes what may be there, expect… demands. The first thing that does not fit ends the reading.

import { SYSTEM_FLAGS } from '../../model/flags.js'
import type { NumberRange } from '../../model/number-set.js'
import { ASTRING, ATOM, DIGIT, endOfRun, ITEM, LIST, TAG } from './characters.js'
import { parseDate, parseDateTime, type ZonedDate } from './dates.js'
import { type SequenceSet, STAR } from './sequence-set.js'
import { SyntaxProblem } from './syntax-error.js'

/** Parentheses and nested search keys, at the most. */
const MAX_NESTING = 100
const MAX_NUMBER = 2 ** 32 - 1
/** Flags in one list, at the most: more than an entry can bear. */
const MAX_FLAGS = 256
const SETTABLE = new Set(SYSTEM_FLAGS.map((flag) => flag.toLowerCase()))

const SPACE = 0x20
const QUOTE = 0x22
const OPEN = 0x28
const COLON = 0x3a
const BACKSLASH = 0x5c
const BRACE = 0x7b
const LITERAL = /^\{(\d{1,20})(\+?)\}\r\n/

export interface LiteralAnnouncement {
  readonly size: number
  readonly synchronising: boolean
  /** Where its octets begin. */
  readonly start: number
}

export class Reader {
  readonly octets: Buffer
  #at: number
  #depth = 0

  constructor(octets: Buffer, at = 0) {
    this.octets = octets
    this.#at = at
  }

  get position(): number {
    return this.#at
  }

  /** The next octet, or -1 at the end of the command. */
  peek(): number {
    return this.octets[this.#at] ?? -1
  }

  atEnd(): boolean {
    return this.#at >= this.octets.length
  }

  fail(what: string): never {
    throw new SyntaxProblem(`${what} at octet ${this.#at + 1}`)
  }

  /** True, and one octet on, where the next is `character`. */
  take(character: string): boolean {
    if (this.peek() !== character.charCodeAt(0)) return false
    this.#at++
    return true
  }

  expect(character: string): void {
    if (!this.take(character)) this.fail(`"${character}" expected`)
  }

  takeSpace(): boolean {
    if (this.peek() !== SPACE) return false
    this.#at++
    return true
  }

  expectSpace(): void {
    if (!this.takeSpace()) this.fail('space expected')
  }

  expectEnd(): void {
    // Some clients leave a space at the end of a line.
    while (this.peek() === SPACE) this.#at++
    if (!this.atEnd()) this.fail('nothing more expected')
  }

  /** Whatever is left, as it is: base64 has no quoting. */
  expectRest(): string {
    const rest = this.octets.toString('latin1', this.#at)
    this.#at = this.octets.length
    return rest
  }

  #run(kind: number, what: string): string {
    const end = endOfRun(this.octets, this.#at, kind)
    if (end === this.#at) this.fail(`${what} expected`)
    const text = this.octets.toString('latin1', this.#at, end)
    this.#at = end
    return text
  }

  /** `tag = 1*<any ASTRING-CHAR except "+">` */
  expectTag(): string {
    return this.#run(TAG, 'tag')
  }

  /** `atom = 1*ATOM-CHAR` */
  expectAtom(what = 'atom'): string {
    return this.#run(ATOM, what)
  }

  peekAtom(): string {
    return this.octets.toString('latin1', this.#at, endOfRun(this.octets, this.#at, ATOM))
  }

  /** True, and past it, where the next atom is `word` (in capitals). */
  takeWord(word: string): boolean {
    if (this.peekAtom().toUpperCase() !== word) return false
    this.#at += word.length
    return true
  }

  /** The name of a FETCH item or of a section, in capitals: what stands before "[", "]" or a space. */
  expectItemName(): string {
    return this.#run(ITEM, 'item').toUpperCase()
  }

  /** An atom that is one of the grammar's words, in capitals. */
  expectWord(what: string): string {
    return this.expectAtom(what).toUpperCase()
  }

  /** `number = 1*DIGIT`, below 2^32. */
  expectNumber(what = 'number'): number {
    const digits = this.#run(DIGIT, what)
    const value = digits.length > 10 ? Number.POSITIVE_INFINITY : Number(digits)
    if (value > MAX_NUMBER) this.fail(`${what} below 2^32 expected`)
    return value
  }

  /** `nz-number` */
  expectNzNumber(what = 'number'): number {
    const value = this.expectNumber(what)
    if (value === 0) this.fail(`${what} above 0 expected`)
    return value
  }

  /** The announcement of a literal, its octets present or not: `"{" number ["+"] "}" CRLF`. */
  peekLiteral(): LiteralAnnouncement | undefined {
    if (this.peek() !== BRACE) return undefined
    const match = LITERAL.exec(this.octets.toString('latin1', this.#at, this.#at + 26))
    if (match === null) return undefined
    return {
      size: Number(match[1]),
      synchronising: match[2] === '',
      start: this.#at + match[0].length,
    }
  }

  /** Whether the next thing is a literal of which nothing has come yet. */
  peekLiteralToCome(): boolean {
    return this.peekLiteral()?.start === this.octets.length
  }

  #literal(): Buffer {
    const literal = this.peekLiteral()
    if (literal === undefined) this.fail('literal expected')
    const end = literal.start + literal.size
    if (end > this.octets.length) this.fail('literal is not complete')
    const content = this.octets.subarray(literal.start, end)
    // RFC 3501 §9: CHAR8 leaves out NUL. (APPEND's message is read elsewhere.)
    if (content.includes(0)) this.fail('NUL in a literal')
    this.#at = end
    return content
  }

  /** `quoted`; 8-bit octets pass, as RFC 9051 §4.3 allows UTF-8 there. */
  #quoted(): Buffer {
    const { octets } = this
    const start = this.#at + 1
    let escapes = 0
    for (let at = start; at < octets.length; at++) {
      const octet = octets[at]
      if (octet === QUOTE) {
        this.#at = at + 1
        const content = octets.subarray(start, at)
        return escapes === 0 ? content : withoutBackslashes(content, escapes)
      }
      if (octet === BACKSLASH) {
        escapes++
        at++
        if (octets[at] !== QUOTE && octets[at] !== BACKSLASH) this.fail('\\" or \\\\ expected')
      } else if (octet === 0 || octet === 0x0a || octet === 0x0d) break
    }
    return this.fail('quoted string is not closed')
  }

  /** `string = quoted / literal`, its octets. */
  expectString(what = 'string'): Buffer {
    const first = this.peek()
    if (first === QUOTE) return this.#quoted()
    if (first === BRACE) return this.#literal()
    return this.fail(`${what} expected`)
  }

  /** `astring = 1*ASTRING-CHAR / string`, its octets. */
  expectAstringOctets(what = 'string'): Buffer {
    const first = this.peek()
    if (first === QUOTE || first === BRACE) return this.expectString(what)
    const end = endOfRun(this.octets, this.#at, ASTRING)
    if (end === this.#at) this.fail(`${what} expected`)
    const content = this.octets.subarray(this.#at, end)
    this.#at = end
    return content
  }

  /** `astring` as text: UTF-8 where it has 8-bit octets (RFC 9051 §4.3). */
  expectAstring(what = 'string'): string {
    return this.expectAstringOctets(what).toString('utf8')
  }

  /** `nstring` as text; null for NIL. */
  expectNstring(what = 'string'): string | null {
    const first = this.peek()
    if (first !== QUOTE && first !== BRACE && this.peekAtom().toUpperCase() === 'NIL') {
      this.expectAtom()
      return null
    }
    return this.expectString(what).toString('utf8')
  }

  /** `mailbox = "INBOX" / astring`, as it stands on the wire. */
  expectMailbox(): string {
    return this.expectAstringOctets('mailbox').toString('latin1')
  }

  /** `list-mailbox = 1*list-char / string`, as it stands on the wire. */
  expectListMailbox(): string {
    const first = this.peek()
    if (first === QUOTE || first === BRACE) return this.expectString('mailbox pattern').toString('latin1')
    return this.#run(LIST, 'mailbox pattern')
  }

  /** `"(" item *(SP item) ")"`; `empty` says whether "()" may stand. */
  expectList<T>(item: () => T, options: { what: string; empty?: boolean; max?: number }): T[] {
    this.expect('(')
    return this.nested(() => {
      const items: T[] = []
      if (options.empty === true && this.take(')')) return items
      do {
        if (items.length >= (options.max ?? 1000)) this.fail(`fewer in the list of ${options.what} expected`)
        items.push(item())
      } while (this.takeSpace())
      this.expect(')')
      return items
    })
  }

  /** Runs `read` one level deeper; the levels are counted so that no input can exhaust the stack. */
  nested<T>(read: () => T): T {
    this.#depth++
    if (this.#depth > MAX_NESTING) this.fail('less nesting expected')
    const result = read()
    this.#depth--
    return result
  }

  peekList(): boolean {
    return this.peek() === OPEN
  }

  peekIs(character: string): boolean {
    return this.peek() === character.charCodeAt(0)
  }

  peekQuote(): boolean {
    return this.peek() === QUOTE
  }

  /**
   * `flag`: a keyword, or one of the system's flags. No standard defines further ones, and what is stored is told again, which a server
   * must not do with them (RFC 3501 §9, flag-extension); `\Recent` cannot be set (§2.3.2).
   */
  expectFlag(): string {
    if (!this.take('\\')) return this.expectAtom('flag')
    const name = `\\${this.expectAtom('flag')}`
    if (!SETTABLE.has(name.toLowerCase())) this.fail('a flag that can be set expected')
    return name
  }

  /** `flag-list = "(" [flag *(SP flag)] ")"` */
  expectFlagList(): string[] {
    return this.expectList(() => this.expectFlag(), { what: 'flags', empty: true, max: MAX_FLAGS })
  }

  /** `store-att-flags` allows the flags without parentheses. */
  expectFlags(): string[] {
    if (this.peekList()) return this.expectFlagList()
    const flags = [this.expectFlag()]
    while (this.takeSpace()) {
      if (flags.length >= MAX_FLAGS) this.fail('fewer flags expected')
      flags.push(this.expectFlag())
    }
    return flags
  }

  #seqNumber(): number {
    return this.take('*') ? STAR : this.expectNzNumber('message number')
  }

  #seqRange(): NumberRange {
    const from = this.#seqNumber()
    if (this.peek() !== COLON) return { from, to: from }
    this.#at++
    return { from, to: this.#seqNumber() }
  }

  /** `sequence-set = (seq-number / seq-range) *("," sequence-set)` */
  expectSequenceSet(): SequenceSet {
    const set = [this.#seqRange()]
    while (this.take(',')) set.push(this.#seqRange())
    return set
  }

  peekSequenceSet(): boolean {
    return this.peek() === 0x2a || this.peekDigit()
  }

  peekDigit(): boolean {
    const first = this.peek()
    return first >= 0x30 && first <= 0x39
  }

  /** `date = date-text / DQUOTE date-text DQUOTE`: days since 1970-01-01. */
  expectDate(): number {
    const text = this.peek() === QUOTE ? this.#quoted().toString('latin1') : this.expectAtom('date')
    return parseDate(text) ?? this.fail('date such as 1-Feb-1994 expected')
  }

  /** `date-time`, quoted. */
  expectDateTime(): ZonedDate {
    if (this.peek() !== QUOTE) this.fail('date and time expected')
    const text = this.#quoted().toString('latin1')
    return parseDateTime(text) ?? this.fail('date such as "17-Jul-1996 02:44:25 -0700" expected')
  }
}

/** `quoted-specials` without the backslashes before them. */
function withoutBackslashes(content: Buffer, escapes: number): Buffer {
  const plain = Buffer.allocUnsafe(content.length - escapes)
  let length = 0
  for (let at = 0; at < content.length; at++) {
    if (content[at] === BACKSLASH) at++
    plain[length++] = content[at] ?? 0
  }
  return plain
}
