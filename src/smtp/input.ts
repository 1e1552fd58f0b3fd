// The octets of a connection in the order they came, for a reader that takes them when it is ready: what waits is
// bounded, the socket is paused above that.

import type { Socket } from 'node:net'

const MAX_WAITING = 128 * 1024

export class Input {
  readonly #chunks: Buffer[] = []
  #waiting = 0
  #socket: Socket | undefined
  #ended = false
  #wake: ((octets: Buffer | undefined) => void) | undefined

  /** Listens on this socket from now on. */
  attach(socket: Socket): void {
    this.#socket = socket
    socket.on('data', this.#onData)
    socket.on('close', this.#onEnd)
    socket.on('end', this.#onEnd)
    socket.resume()
  }

  /** Stops listening and forgets what waits, before TLS begins. */
  detach(): void {
    this.#socket?.off('data', this.#onData)
    this.#socket?.off('close', this.#onEnd)
    this.#socket?.off('end', this.#onEnd)
    this.#socket = undefined
    this.#forget()
  }

  /** The next octets; undefined when the connection ended or `stop` was called. One reader at a time. */
  read(): Buffer | Promise<Buffer | undefined> | undefined {
    const octets = this.#chunks.shift()
    if (octets !== undefined) {
      if (this.#waiting > MAX_WAITING && this.#waiting - octets.length <= MAX_WAITING) this.#socket?.resume()
      this.#waiting -= octets.length
      return octets
    }
    if (this.#ended) return undefined
    return new Promise((resolve) => {
      this.#wake = resolve
    })
  }

  /** Ends reading: a waiting reader is told, and what still comes is thrown away. */
  stop(): void {
    this.#onEnd()
    this.#forget()
    this.#socket?.resume()
  }

  #forget(): void {
    this.#chunks.length = 0
    this.#waiting = 0
  }

  #onData = (octets: Buffer): void => {
    if (this.#wake !== undefined) {
      const wake = this.#wake
      this.#wake = undefined
      wake(octets)
    } else if (!this.#ended) {
      this.#chunks.push(octets)
      this.#waiting += octets.length
      if (this.#waiting > MAX_WAITING) this.#socket?.pause()
    }
  }

  #onEnd = (): void => {
    this.#ended = true
    this.#wake?.(undefined)
    this.#wake = undefined
  }
}
