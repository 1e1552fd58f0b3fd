// What the client sends, pulled as it is wanted: the socket is paused while nobody waits for it, so that a client that
// sends commands without reading the answers costs no memory.

import type { Socket } from 'node:net'
import { type CommandFrame, type Frame, Framer, type OverflowFrame } from './wire/framer.js'

/** The session is to end, with BYE and this text. */
export interface Interruption {
  readonly kind: 'interruption'
  readonly text: string
}

/** Somebody called `nudge` while a line was waited for. */
export interface Nudge {
  readonly kind: 'nudge'
}

const NUDGE: Nudge = { kind: 'nudge' }

export class Input {
  readonly framer = new Framer()
  #socket: Socket
  #ended = false
  #interruption: Interruption | undefined
  #nudged = false
  #wake: (() => void) | undefined

  constructor(socket: Socket) {
    this.#socket = socket
    this.attach(socket)
  }

  /** True once the client has closed its side or is gone. */
  get ended(): boolean {
    return this.#ended
  }

  /** True while the session waits for the client. */
  get waiting(): boolean {
    return this.#wake !== undefined
  }

  attach(socket: Socket): void {
    this.#socket = socket
    socket.on('data', this.#onData)
    socket.on('end', this.#onEnd)
    socket.on('close', this.#onEnd)
  }

  /** Before STARTTLS: the plain socket is heard no more, and nothing that it sent counts. */
  detach(): void {
    this.#socket.off('data', this.#onData)
    this.#socket.off('end', this.#onEnd)
    this.#socket.off('close', this.#onEnd)
    this.framer.clear()
  }

  #onData = (chunk: Buffer): void => {
    this.framer.push(chunk)
    if (this.#wake === undefined) this.#socket.pause()
    else this.#wakeUp()
  }

  #onEnd = (): void => {
    this.#ended = true
    this.#wakeUp()
  }

  #wakeUp(): void {
    const wake = this.#wake
    this.#wake = undefined
    wake?.()
  }

  #more(): Promise<void> {
    if (this.#socket.isPaused()) this.#socket.resume()
    return new Promise((resolve) => {
      this.#wake = resolve
    })
  }

  /** Ends the session at its next wait for input, which may be the present one. The first reason stays. */
  interrupt(text: string): void {
    this.#interruption ??= { kind: 'interruption', text }
    this.#wakeUp()
  }

  get interruption(): Interruption | undefined {
    return this.#interruption
  }

  /** Lets `line` return without a line, now or when it is next called. */
  nudge(): void {
    this.#nudged = true
    this.#wakeUp()
  }

  /** The next frame of a command; undefined at the end of the connection. */
  async frame(): Promise<Frame | Interruption | undefined> {
    for (;;) {
      if (this.#interruption !== undefined) return this.#interruption
      const frame = this.framer.pull()
      if (frame !== undefined) return frame
      if (this.#ended) return undefined
      await this.#more()
    }
  }

  /** A frame where one is there already: whether the client has sent more commands than it has read answers. */
  frameAtHand(): Frame | undefined {
    return this.#interruption === undefined ? this.framer.pull() : undefined
  }

  /** The next bare line, an answer to a continuation request. */
  async line(): Promise<CommandFrame | OverflowFrame | Interruption | Nudge | undefined> {
    for (;;) {
      if (this.#interruption !== undefined) return this.#interruption
      const line = this.framer.pullLine()
      if (line !== undefined) return line
      if (this.#ended) return undefined
      if (this.#nudged) {
        this.#nudged = false
        return NUDGE
      }
      await this.#more()
    }
  }

  /** The next octets of a streamed literal, at least one; undefined where the client or the session ended before. */
  async literal(): Promise<Buffer | undefined> {
    for (;;) {
      if (this.#interruption !== undefined) return undefined
      const octets = this.framer.pullLiteral()
      if (octets.length > 0) return octets
      if (this.#ended) return undefined
      await this.#more()
    }
  }
}
