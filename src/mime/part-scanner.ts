// The state machine of a message: headers, bodies and delimiter lines in one pass, whatever the pieces in which the
// source arrives. RFC 2045, RFC 2046 §5.1; a bare LF ends a line as CRLF does. What RFC 2046 leaves open is decided as
// Dovecot does: innermost boundaries first, a delimiter inside a header ends it, what follows a close is epilogue.
import { BodyCutter } from './body-cutter.js'
import { BoundaryStack } from './boundaries.js'
import { type DraftPart, draftPart, holdsMessage, makeOpaque } from './draft-part.js'
import { EnvelopeFields, envelopeResponse } from './envelope.js'
import { readHeader } from './header-reader.js'
import { Kept } from './kept.js'
import { allowed, type MimeLimits } from './limits.js'

/** Is told the body of a text part, as it stands in the source; of a long one only its first TEXT_READ octets. */
export type TextReader = (part: DraftPart, octets: Buffer, parent: DraftPart | undefined) => void

interface OpenPart {
  readonly part: DraftPart
  readonly parent: OpenPart | undefined
  readonly depth: number
  readonly isMessage: boolean
  /** Newlines of the source before its body. */
  newlinesBefore: number
  isLeaf: boolean
}

const LF = 10
const CR = 13
const DASH = 45
/** So much of a long text body is kept for the searchable text while the body goes to the blob store. */
export const TEXT_READ = 512 * 1024

type Mode = 'header' | 'header-rest' | 'body' | 'delimiter'

export class PartScanner {
  readonly kept = new Kept()
  readonly cutter: BodyCutter
  readonly root: DraftPart
  /** Of the root's header. */
  fields = new EnvelopeFields(0)
  readonly #limits: MimeLimits
  readonly #readText: TextReader
  readonly #boundaries = new BoundaryStack<OpenPart>()
  #mode: Mode = 'header'
  #current: OpenPart
  /** Source offset: what stands before it is understood. */
  #pos = 0
  /** There is no newline between #pos and here. */
  #probed = 0
  #atLineStart = true
  /** Newlines before #pos. */
  #newlines = 0
  #regionStart = 0
  #parts = 1
  /** Octets of headers that were read. */
  #headers = 0
  /** Addresses that were read. */
  #addresses = 0
  /** Octets of the newline at the end of the header that was read last. */
  #headerNewline = 0
  #boundaryText: string | undefined
  /** After a delimiter line comes another part, or, after the last one, the epilogue. */
  #partFollows = false

  constructor(readText: TextReader, limits: MimeLimits, cutting: boolean) {
    this.#readText = readText
    this.#limits = limits
    this.cutter = new BodyCutter(this.kept, cutting ? limits.cutAt : Number.POSITIVE_INFINITY, limits.spillAt)
    this.#current = openPart(undefined, 0, true)
    this.root = this.#current.part
  }

  push(octets: Uint8Array): void {
    this.kept.append(octets)
    this.#scan(false)
  }

  /** The source is complete: whatever is open ends here. */
  end(): void {
    this.#scan(true)
    const end = this.kept.end
    if (this.#mode === 'header' || this.#mode === 'header-rest') this.#endHeader(end)
    if (this.#mode === 'delimiter' && this.#partFollows) this.#beginEmptyPart(end)
    this.#endRegion(end)
    this.#closeUpTo(undefined, end, this.#newlines)
    this.cutter.spill(end)
  }

  #scan(final: boolean): void {
    let more = true
    while (more) {
      if (this.#mode === 'header') more = this.#scanHeader(final)
      else if (this.#mode === 'header-rest') more = this.#scanHeaderRest(final)
      else if (this.#mode === 'body') more = this.#scanBody(final)
      else more = this.#scanDelimiter()
    }
  }

  #scanHeader(final: boolean): boolean {
    const { octets, delta, length } = this.kept
    const limit = this.#current.part.header.start + this.#limits.header - delta
    let line = this.#pos - delta
    let at = Math.max(line, this.#probed - delta)
    for (;;) {
      while (at < length && octets[at] !== LF) at++
      const complete = at < length
      this.#probed = at + delta
      if (!complete && (line === length || (at < limit && !final))) return false
      const delimiter = this.#delimitHeader(line, final)
      if (delimiter !== undefined) return delimiter
      const onlyCr = at === line + 1 && octets[line] === CR
      if (complete && (at === line || onlyCr)) {
        this.#newlines++
        this.#pos = at + 1 + delta
        this.#endHeader(this.#pos)
        return true
      }
      if (at >= limit && !(onlyCr && !final)) return this.#leaveLongHeader(at + delta)
      if (!complete) return false
      this.#newlines++
      line = ++at
      this.#pos = line + delta
    }
  }

  /** Ends the header where the line at index `line` is a delimiter: true then, false while that is not known yet. */
  #delimitHeader(line: number, final: boolean): boolean | undefined {
    const { octets, length, delta } = this.kept
    if (octets[line] !== DASH || this.#boundaries.isEmpty || line >= length) return undefined
    const match = this.#boundaries.match(octets, line, length, final)
    if (match === undefined) return undefined
    if (match === 'more') return false
    this.#pos = line + delta
    this.#endHeader(this.#pos, false)
    this.#delimit(match.owner, match.length, match.closes)
    return true
  }

  /** Past the limit the fields are read, and what follows is a region that may be cut. `pos` is within a line. */
  #leaveLongHeader(pos: number): true {
    const limit = this.#current.part.header.start + this.#limits.header
    this.#readHeader(limit)
    this.cutter.spill(limit)
    this.#atLineStart = false
    this.#pos = pos
    this.#mode = 'header-rest'
    this.#beginRegion(limit, false, 0)
    return true
  }

  #scanHeaderRest(final: boolean): boolean {
    const { octets, delta, length } = this.kept
    let at = this.#pos - delta
    for (;;) {
      if (this.#atLineStart) {
        if (at === length || (octets[at] === CR && at + 1 === length && !final)) break
        const blank = octets[at] === LF ? 1 : octets[at] === CR && octets[at + 1] === LF ? 2 : 0
        if (blank > 0) {
          this.#newlines++
          this.#pos = at + blank + delta
          this.#endHeader(this.#pos)
          return true
        }
        const delimiter = this.#delimitHeader(at, final)
        if (delimiter === true) return true
        if (delimiter === false) break
        this.#atLineStart = false
      }
      while (at < length && octets[at] !== LF) at++
      if (at === length) break
      this.#newlines++
      at++
      this.#atLineStart = true
    }
    this.#pos = at + delta
    this.cutter.progress(this.#pos - 2)
    return false
  }

  #scanBody(final: boolean): boolean {
    const { octets, delta, length } = this.kept
    let at = this.#pos - delta
    if (this.#boundaries.isEmpty) {
      for (; at < length; at++) if (octets[at] === LF) this.#newlines++
      this.#pos = length + delta
      this.cutter.progress(this.#pos - 2)
      return false
    }
    let newlines = this.#newlines
    let atLineStart = this.#atLineStart
    while (at < length) {
      if (atLineStart && octets[at] === DASH) {
        const match = this.#boundaries.match(octets, at, length, final)
        if (match === 'more') break
        if (match !== undefined) {
          this.#pos = at + delta
          this.#newlines = newlines
          this.#delimit(match.owner, match.length, match.closes)
          return true
        }
      }
      while (at < length && octets[at] !== LF) at++
      atLineStart = at < length
      if (atLineStart) {
        at++
        newlines++
      }
    }
    this.#newlines = newlines
    this.#atLineStart = atLineStart
    this.#pos = at + delta
    this.cutter.progress(this.#pos - 2)
    return false
  }

  /** The rest of a delimiter line means nothing (RFC 2046 §5.1.1: transport padding). */
  #scanDelimiter(): boolean {
    const { octets, delta, length } = this.kept
    let at = this.#pos - delta
    while (at < length && octets[at] !== LF) at++
    if (at === length) {
      this.#pos = at + delta
      this.cutter.progress(this.#pos - 2)
      return false
    }
    this.#newlines++
    this.#pos = at + 1 + delta
    this.#atLineStart = true
    if (this.#partFollows) this.#beginPart(this.#pos)
    else {
      this.#regionStart = this.#pos
      this.#mode = 'body'
    }
    return true
  }

  /** A delimiter line of `owner` begins at #pos: everything inside that multipart ends. */
  #delimit(owner: OpenPart, length: number, closes: boolean): void {
    const room = this.#pos - this.#regionStart
    const newline = this.#mode === 'body' ? this.#newlineBefore(this.#pos, room) : 0
    if (room === 0 && this.#current !== owner) this.#shortenHeader(this.#current.part)
    const end = this.#pos - newline
    this.#endRegion(end)
    this.#closeUpTo(owner, end, this.#newlines - (newline > 0 ? 1 : 0))
    this.#boundaries.popTo(owner, closes)
    this.#partFollows = !closes
    this.#mode = 'delimiter'
    this.#beginRegion(end, false, 0)
    this.#pos += length
  }

  /** Octets of the newline before `pos`, at most `room`: before a delimiter it belongs to it (RFC 2046 §5.1.1). */
  #newlineBefore(pos: number, room: number): number {
    const { octets, delta } = this.kept
    const index = pos - delta
    if (room === 0 || octets[index - 1] !== LF) return 0
    return room > 1 && octets[index - 2] === CR ? 2 : 1
  }

  /** Where no body stands between header and delimiter, the newline of the delimiter is the header's last. */
  #shortenHeader(part: DraftPart): void {
    const { start, end } = part.header
    if (end === this.#pos) part.header = { start, end: end - this.#headerNewline }
  }

  get #mayGrow(): boolean {
    return this.#parts < allowed(this.#limits.parts, this.#pos) && this.#headers < this.#limits.headers
  }

  #beginPart(start: number): void {
    this.cutter.end(start)
    this.#openChild(start, false)
  }

  /** The source ended on a delimiter line without a newline: the part after it is there, and empty. */
  #beginEmptyPart(end: number): void {
    this.#beginPart(end)
    this.#endHeader(end)
  }

  #openChild(start: number, isMessage: boolean): void {
    const parent = this.#current
    const child = openPart(parent, start, isMessage)
    if (isMessage) parent.part.message = child.part
    else parent.part.children?.push(child.part)
    this.#parts++
    // The last part that is counted takes everything that follows.
    if (!this.#mayGrow) this.#boundaries.clear()
    this.#current = child
    this.#mode = 'header'
    this.#probed = start
    this.#boundaryText = undefined
  }

  #readHeader(end: number): void {
    const { part, isMessage, parent } = this.#current
    const inDigest = !isMessage && parent?.part.subtype === 'digest'
    const text = this.kept.latin1(part.header.start, end)
    this.#headers += text.length
    const room = Math.max(0, allowed(this.#limits.addresses, this.#headers) - this.#addresses)
    const addresses = isMessage ? room : undefined
    const { boundary, fields } = readHeader(part, text, { addresses, inDigest }, this.#limits)
    this.#boundaryText = boundary
    if (fields === undefined) return
    this.#addresses += room - fields.room
    if (parent === undefined) this.fields = fields
    else parent.part.envelope = envelopeResponse(fields)
  }

  /** The header of the current part ends here; with `opens` false its body is empty and a delimiter follows. */
  #endHeader(end: number, opens = true): void {
    const open = this.#current
    const { part } = open
    // Now: what follows may take it out of what is kept.
    this.#headerNewline = this.#newlineBefore(end, end - part.header.start)
    if (this.#mode === 'header') this.#readHeader(Math.min(end, part.header.start + this.#limits.header))
    else this.cutter.end(end)
    part.header = { start: part.header.start, end }
    part.body = { start: end, end }
    open.newlinesBefore = this.#newlines
    this.#mode = 'body'
    this.#atLineStart = true
    this.cutter.spill(end)
    this.#openBody(open, end, opens)
  }

  #openBody(open: OpenPart, start: number, opens: boolean): void {
    const { part } = open
    const deeper = open.depth < this.#limits.levels && this.#mayGrow
    const isMultipart = part.type === 'multipart'
    const isMessage = holdsMessage(part)
    if (isMultipart && deeper) {
      part.children = []
      if (this.#boundaryText !== undefined && opens) this.#boundaries.push(this.#boundaryText, open)
    } else if (isMessage && deeper) {
      this.#openChild(start, true)
      if (!opens) this.#endHeader(start, false)
      return
    } else {
      if (isMultipart || isMessage) makeOpaque(part)
      open.isLeaf = true
    }
    const isText = open.isLeaf && part.type === 'text'
    this.#beginRegion(start, open.isLeaf && part.encoding === 'base64', isText ? TEXT_READ : 0)
  }

  #beginRegion(start: number, base64: boolean, tapLimit: number): void {
    this.#regionStart = start
    this.cutter.begin(start, base64, tapLimit)
  }

  #endRegion(end: number): void {
    this.cutter.end(end)
    const { part, isLeaf, parent } = this.#current
    if (isLeaf && part.type === 'text' && this.#mode === 'body') {
      this.#readText(part, this.cutter.octets(end), parent?.part)
    }
    this.cutter.spill(end)
  }

  /** Ends the current part and those around it, `owner` itself not. */
  #closeUpTo(owner: OpenPart | undefined, end: number, newlines: number): void {
    let open: OpenPart | undefined = this.#current
    while (open !== undefined && open !== owner) {
      open.part.body = { start: open.part.body.start, end: Math.max(open.part.body.start, end) }
      open.part.lines = Math.max(0, newlines - open.newlinesBefore)
      open = open.parent
    }
    if (owner !== undefined) this.#current = owner
  }
}

function openPart(parent: OpenPart | undefined, start: number, isMessage: boolean): OpenPart {
  const part = draftPart(start)
  const depth = parent === undefined ? 0 : parent.depth + 1
  return { part, parent, depth, isMessage, newlinesBefore: 0, isLeaf: false }
}
