// Where the log goes: standard output, whatever that is. A reader that stands still or a disk that is full must hold up
// nobody: writes that would wait fail instead, what could not be written is kept up to a bound, and the rest is counted.

import { constants, openSync, writeSync } from 'node:fs'
import { isatty } from 'node:tty'

/** Octets kept at most while they cannot be written. */
const MOST = 2 ** 20
const RETRY_MS = 20
/** At the end of the process a reader has this long to take what is kept. */
const END_MS = 400
const END_RETRY_MS = 5

/** As pino writes to it. Never throws, and waits only at the end of the process. */
export class LogOutput {
  readonly #fd: number
  readonly #kept = Buffer.alloc(MOST)
  #length = 0
  #lost = 0
  #retry: NodeJS.Timeout | undefined

  /** `fd`: open such that a write does not wait for a reader. */
  constructor(fd: number) {
    this.#fd = fd
    process.once('exit', () => this.#end())
  }

  write(line: string): void {
    if (this.#lost > 0 && this.#keep(lostLines(this.#lost))) this.#lost = 0
    if (!this.#keep(line)) this.#lost += 1
    if (this.#retry === undefined) this.#writeKept()
  }

  #keep(line: string): boolean {
    if (this.#length + Buffer.byteLength(line) > MOST) return false
    this.#length += this.#kept.write(line, this.#length)
    return true
  }

  #writeKept(): void {
    this.#retry = undefined
    try {
      const written = writeSync(this.#fd, this.#kept, 0, this.#length)
      this.#kept.copyWithin(0, written, this.#length)
      this.#length -= written
    } catch {
      // Full, or the reader stands still or has gone: it may be otherwise later.
    }
    if (this.#length > 0) this.#retry = setTimeout(() => this.#writeKept(), RETRY_MS).unref()
  }

  #end(): void {
    const until = performance.now() + END_MS
    while (this.#length > 0 && performance.now() < until) {
      this.#writeKept()
      if (this.#length > 0) sleep(END_RETRY_MS)
    }
  }
}

/** In the form of the other lines. */
const lostLines = (lines: number): string =>
  `${JSON.stringify({ level: 'warn', time: new Date().toISOString(), lines, event: 'log-lines-lost' })}\n`

const sleep = (ms: number): void => {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms)
}

export function standardOutput(): LogOutput {
  if (isatty(1)) return new LogOutput(openTerminal())
  // Asked for its stream, Node.js makes a pipe or a socket one whose writes do not wait.
  void process.stdout
  return new LogOutput(1)
}

/** One of our own, which does not wait while somebody holds the terminal (Ctrl-S): the shared one stays as it is. */
function openTerminal(): number {
  try {
    return openSync('/dev/stdout', constants.O_WRONLY | constants.O_NOCTTY | constants.O_NONBLOCK)
  } catch {
    // Another user's (su).
    return 1
  }
}
