// A scanner of IMAP responses that counts instead of parsing: octets, FETCH, EXPUNGE, EXISTS, hits of SEARCH. It
// skips literals by their length (RFC 9051 §4.3) and keeps no object for a line, so that it never is the bottleneck.

const LF = 10
const CR = 13
const SPACE = 32
const STAR = 42
const PLUS = 43
const ZERO = 48
const OPEN_BRACE = 123
const CLOSE_BRACE = 125
const NOTHING = Buffer.alloc(0)
/** Untagged lines that a client wants to read are short; longer ones are only counted. */
const LONGEST_KEPT = 2000

export interface ScannerEvents {
  /** A tagged reply `a<tag> OK|NO|BAD text`. */
  tagged(tag: number, ok: boolean, text: string): void
  continuation(): void
  exists(count: number): void
  /** `* OK`, `* BYE`, `* PREAUTH`, `* CAPABILITY`, `* STATUS`. */
  untagged(text: string): void
}

/** Value of the decimal digits from `at`; stops at the first other octet. */
function numberAt(bytes: Buffer, at: number): number {
  let value = 0
  for (let i = at; ; i++) {
    const digit = (bytes[i] ?? 0) - ZERO
    if (digit < 0 || digit > 9) return value
    value = value * 10 + digit
  }
}

/** Length of the literal announced at the end of a line, -1 where there is none. */
function literalBefore(bytes: Buffer, start: number, end: number): number {
  if (bytes[end - 1] !== CLOSE_BRACE) return -1
  const brace = bytes.lastIndexOf(OPEN_BRACE, end - 1)
  if (brace < start || brace === end - 2) return -1
  for (let i = brace + 1; i < end - 1; i++) {
    const octet = bytes[i] ?? 0
    if (octet < ZERO || octet > ZERO + 9) return -1
  }
  return numberAt(bytes, brace + 1)
}

export class ResponseScanner {
  octets = 0
  literalOctets = 0
  fetches = 0
  expunges = 0
  searchHits = 0
  private literalLeft = 0
  /** The next line goes on with the response before a literal. */
  private continued = false
  private tail: Buffer = NOTHING
  private readonly events: ScannerEvents

  constructor(events: ScannerEvents) {
    this.events = events
  }

  resetCounts(): void {
    this.octets = 0
    this.literalOctets = 0
    this.fetches = 0
    this.expunges = 0
    this.searchHits = 0
  }

  /** Takes the next octets of the stream; `chunk` may be used again by the caller afterwards. */
  feed(chunk: Buffer): void {
    this.octets += chunk.length
    let at = 0
    while (at < chunk.length) {
      if (this.literalLeft > 0) {
        const skipped = Math.min(this.literalLeft, chunk.length - at)
        this.literalLeft -= skipped
        at += skipped
        continue
      }
      const newline = chunk.indexOf(LF, at)
      if (newline < 0) {
        this.tail = Buffer.concat([this.tail, chunk.subarray(at)])
        return
      }
      if (this.tail.length > 0) {
        const line = Buffer.concat([this.tail, chunk.subarray(at, newline + 1)])
        this.tail = NOTHING
        this.line(line, 0, line.length - 1)
      } else {
        this.line(chunk, at, newline)
      }
      at = newline + 1
    }
  }

  private line(bytes: Buffer, start: number, newline: number): void {
    const end = bytes[newline - 1] === CR ? newline - 1 : newline
    const first = !this.continued
    const literal = literalBefore(bytes, start, end)
    this.continued = literal >= 0
    if (literal > 0) {
      this.literalLeft = literal
      this.literalOctets += literal
    }
    if (!first) return
    const kind = bytes[start]
    if (kind === STAR) this.untagged(bytes, start + 2, end)
    else if (kind === PLUS) this.events.continuation()
    else this.taggedReply(bytes, start, end)
  }

  private taggedReply(bytes: Buffer, start: number, end: number): void {
    const space = bytes.indexOf(SPACE, start)
    if (space < 0 || space > end) throw new Error(`no IMAP reply: ${bytes.toString('latin1', start, end)}`)
    const text = bytes.toString('latin1', space + 1, end)
    this.events.tagged(numberAt(bytes, start + 1), text.startsWith('OK'), text)
  }

  private untagged(bytes: Buffer, start: number, end: number): void {
    const octet = bytes[start] ?? 0
    if (octet < ZERO || octet > ZERO + 9) {
      this.untaggedWord(bytes, start, end)
      return
    }
    // '* 12 FETCH', '* 12 EXPUNGE', '* 12 EXISTS', '* 12 RECENT': the letters that tell them apart.
    const word = bytes.indexOf(SPACE, start) + 1
    const initial = (bytes[word] ?? 0) & 0xdf
    if (initial === 0x46) this.fetches++
    else if (initial === 0x45) {
      if (((bytes[word + 2] ?? 0) & 0xdf) === 0x50) this.expunges++
      else this.events.exists(numberAt(bytes, start))
    }
  }

  private untaggedWord(bytes: Buffer, start: number, end: number): void {
    const word = bytes.toString('latin1', start, Math.min(end, start + 6)).toUpperCase()
    if (word === 'SEARCH') {
      for (let i = start + 6; i < end; i++)
        if (bytes[i] === SPACE && (bytes[i + 1] ?? 0) >= ZERO) this.searchHits++
      return
    }
    if (end - start <= LONGEST_KEPT && /^(OK|BYE|PREAUT|CAPABI|STATUS)/.test(word)) {
      this.events.untagged(bytes.toString('latin1', start, end))
    }
  }
}
