// Cuts what arrives into commands: lines, with the literals that they announce (RFC 3501 §2.2.1, §4.3; RFC 7888). It holds
// no more than one command's worth, and asks at each literal what to do with it.

/** Octets of a command's lines, without its literals. */
export const MAX_LINE = 65_536
/** Literals of one command that are kept, together. */
export const MAX_LITERALS = 131_072
const MAX_LITERAL_COUNT = 1000

const LF = 0x0a
const CR = 0x0d
const EMPTY = Buffer.alloc(0)
const ANNOUNCEMENT = /\{(\d{1,20})(\+?)\}$/

export interface CommandFrame {
  readonly kind: 'command'
  /** Lines and literals as they came, without the last CRLF. */
  readonly octets: Buffer
  /** A line ended in LF alone: no command (RFC 3501 §2.2). */
  readonly bareLineFeed: boolean
}

/** A literal is announced; go on with `keepLiteral`, `streamLiteral`, `refuseLiteral` or `discard`. */
export interface LiteralFrame {
  readonly kind: 'literal'
  /** The command so far, with the announcement and its CRLF. */
  readonly octets: Buffer
  /** Exact up to 2^53; above it only known to be large. */
  readonly size: number
  readonly synchronising: boolean
}

/** More than may be held; the rest of the command is skipped, and `discarded` follows. */
export interface OverflowFrame {
  readonly kind: 'overflow'
  /** How it began, for its tag. */
  readonly octets: Buffer
}

/** A command that was being discarded has come to its end. */
export interface DiscardedFrame {
  readonly kind: 'discarded'
}

export type Frame = CommandFrame | LiteralFrame | OverflowFrame | DiscardedFrame

export class Framer {
  #queue: Buffer[] = []
  #at = 0
  #queued = 0
  /** The command so far. */
  #held: Buffer = EMPTY
  #fragments: Buffer[] = []
  #fragmentOctets = 0
  #lineOctets = 0
  #literalOctets = 0
  #literalCount = 0
  #bareLineFeed = false
  /** Octets of the announced literal that are still to come, and where they go. */
  #literalLeft = 0
  #literalTo: 'undecided' | 'held' | 'stream' | 'nowhere' = 'held'
  #discarding = false
  /** Whether the line that is being skipped has ended in an announcement cannot be told: its tail is not kept. */
  #tail: Buffer = EMPTY

  push(chunk: Buffer): void {
    if (chunk.length === 0) return
    this.#queue.push(chunk)
    this.#queued += chunk.length
  }

  /** Octets that have been pushed and not yet taken. */
  get queued(): number {
    return this.#queued
  }

  /** Forgets everything: after STARTTLS nothing that came before it may count (RFC 3501 §6.2.1). */
  clear(): void {
    this.#queue = []
    this.#at = 0
    this.#queued = 0
    this.#literalLeft = 0
    this.#reset()
  }

  #reset(): void {
    this.#held = EMPTY
    this.#fragments = []
    this.#fragmentOctets = 0
    this.#lineOctets = 0
    this.#literalOctets = 0
    this.#literalCount = 0
    this.#bareLineFeed = false
    this.#discarding = false
    this.#tail = EMPTY
    this.#literalTo = 'held'
  }

  /** Up to `max` octets from the queue, without copying. */
  #takeOctets(max: number): Buffer {
    const chunk = this.#queue[0]
    if (chunk === undefined) return EMPTY
    const end = Math.min(chunk.length, this.#at + max)
    const taken = chunk.subarray(this.#at, end)
    this.#queued -= taken.length
    if (end === chunk.length) {
      this.#queue.shift()
      this.#at = 0
    } else this.#at = end
    return taken
  }

  /** The next stretch of the queue up to and with its LF, or as far as there is. */
  #takeLinePart(): Buffer {
    const chunk = this.#queue[0]
    if (chunk === undefined) return EMPTY
    const lf = chunk.indexOf(LF, this.#at)
    return this.#takeOctets(lf < 0 ? chunk.length : lf + 1 - this.#at)
  }

  #keep(part: Buffer): void {
    this.#fragments.push(part)
    this.#fragmentOctets += part.length
    // Octets that come one at a time would cost an object each.
    if (this.#fragments.length >= 64) this.#join()
  }

  /** Everything of the command so far, contiguous. */
  #join(): Buffer {
    if (this.#fragments.length > 0) {
      const parts = this.#held.length > 0 ? [this.#held, ...this.#fragments] : this.#fragments
      this.#held = parts.length === 1 ? (parts[0] ?? EMPTY) : Buffer.concat(parts)
      this.#fragments = []
      this.#fragmentOctets = 0
    }
    return this.#held
  }

  /** The next frame, or undefined where more octets are needed (or a literal waits for its decision). */
  pull(): Frame | undefined {
    while (this.#queue.length > 0) {
      if (this.#literalLeft > 0) {
        if (this.#literalTo === 'undecided' || this.#literalTo === 'stream') return undefined
        const part = this.#takeOctets(this.#literalLeft)
        this.#literalLeft -= part.length
        if (this.#literalTo === 'held') this.#keep(part)
        continue
      }
      const frame = this.#discarding ? this.#pullDiscarded() : this.#pullLine()
      if (frame !== undefined) return frame
    }
    return undefined
  }

  #pullLine(): Frame | undefined {
    const part = this.#takeLinePart()
    this.#lineOctets += part.length
    if (this.#lineOctets > MAX_LINE || this.#literalCount > MAX_LITERAL_COUNT) return this.#overflow(part)
    this.#keep(part)
    if (part.at(-1) !== LF) return undefined
    const octets = this.#join()
    if (octets.at(-2) !== CR) this.#bareLineFeed = true
    const announced = this.#bareLineFeed ? undefined : announcement(octets.subarray(0, -2))
    if (announced === undefined) return this.#command(octets)
    this.#literalCount++
    this.#literalLeft = announced.size
    this.#literalTo = 'undecided'
    return { kind: 'literal', octets, ...announced }
  }

  #command(octets: Buffer): CommandFrame {
    const frame: CommandFrame = {
      kind: 'command',
      octets: octets.subarray(0, octets.at(-2) === CR ? -2 : -1),
      bareLineFeed: this.#bareLineFeed,
    }
    this.#reset()
    return frame
  }

  #overflow(part: Buffer): OverflowFrame {
    const octets = Buffer.from(this.#join().length > 0 ? this.#held.subarray(0, 256) : part.subarray(0, 256))
    this.#reset()
    this.#discarding = true
    // The part goes back to be skipped as the rest of the command.
    this.#queue[0] = this.#queue[0] === undefined ? part : Buffer.concat([part, this.#rest()])
    this.#queued += part.length
    this.#at = 0
    return { kind: 'overflow', octets }
  }

  #rest(): Buffer {
    return this.#queue[0]?.subarray(this.#at) ?? EMPTY
  }

  /** Skips to the end of the command; its further non-synchronising literals are skipped with it. */
  #pullDiscarded(): DiscardedFrame | undefined {
    const part = this.#takeLinePart()
    this.#tail = Buffer.concat([this.#tail.subarray(-32), part.subarray(-32)])
    if (part.at(-1) !== LF) return undefined
    const announced = announcement(this.#tail.subarray(0, this.#tail.at(-2) === CR ? -2 : -1))
    this.#tail = EMPTY
    if (announced !== undefined && !announced.synchronising) {
      this.#literalLeft = announced.size
      this.#literalTo = 'nowhere'
      return undefined
    }
    this.#reset()
    return { kind: 'discarded' }
  }

  /** How many octets of literals the command has kept so far. */
  get literalOctets(): number {
    return this.#literalOctets
  }

  /** The literal becomes part of the command. */
  keepLiteral(): void {
    this.#literalOctets += this.#literalLeft
    this.#literalTo = 'held'
  }

  /** The literal is taken by `pullLiteral`; the command afterwards holds only what follows it. */
  streamLiteral(): void {
    this.#reset()
    this.#literalTo = 'stream'
  }

  /** A synchronising literal that the client will not send: the command ends here. */
  refuseLiteral(): void {
    this.#literalLeft = 0
    this.#reset()
  }

  /** Skips the literal and the rest of its command; `discarded` follows. */
  discard(): void {
    this.#reset()
    this.#discarding = true
    this.#literalTo = 'nowhere'
  }

  /** Octets of a streamed literal that are still to come. */
  get literalLeft(): number {
    return this.#literalLeft
  }

  /** What is there of a streamed literal; empty where more octets are needed, or at its end. */
  pullLiteral(): Buffer {
    const part = this.#takeOctets(this.#literalLeft)
    this.#literalLeft -= part.length
    return part
  }

  /** A bare line, no literals looked for: the answer to a continuation. Undefined where more octets are needed. */
  pullLine(): CommandFrame | OverflowFrame | undefined {
    while (this.#queue.length > 0) {
      const part = this.#takeLinePart()
      this.#lineOctets += part.length
      if (this.#lineOctets > MAX_LINE) return this.#overflow(part)
      this.#keep(part)
      if (part.at(-1) === LF) {
        const octets = this.#join()
        this.#bareLineFeed = octets.at(-2) !== CR
        return this.#command(octets)
      }
    }
    return undefined
  }
}

/** `"{" number ["+"] "}"` at the end of a line. */
function announcement(line: Buffer): { size: number; synchronising: boolean } | undefined {
  if (line.at(-1) !== 0x7d) return undefined
  const match = ANNOUNCEMENT.exec(line.toString('latin1', Math.max(0, line.length - 24)))
  if (match === null) return undefined
  return { size: Number(match[1]), synchronising: match[2] === '' }
}
