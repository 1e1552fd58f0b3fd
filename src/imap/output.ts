// What goes to the client: responses are gathered in a writer and handed to the socket in large pieces; whoever writes
// waits until the client has read them. A client that does not read is cut off after a while.

import type { Socket } from 'node:net'
import { ConnectionEnded } from './reply.js'
import { giveBack } from './wire/buffer-pool.js'
import { ResponseWriter } from './wire/response-writer.js'

export class Output {
  readonly writer = new ResponseWriter()
  readonly #writeMs: number
  #socket: Socket

  constructor(socket: Socket, writeMs: number) {
    this.#socket = socket
    this.#writeMs = writeMs
  }

  attach(socket: Socket): void {
    this.#socket = socket
  }

  get gone(): boolean {
    return this.#socket.destroyed || this.#socket.writableEnded
  }

  /** Hands over what was written. Resolves when the client has taken enough of it; rejects with ConnectionEnded. */
  flush(): Promise<void> | undefined {
    const buffers = this.writer.take()
    if (buffers.length === 0) return undefined
    if (this.gone) throw new ConnectionEnded()
    let taking = true
    for (const buffer of buffers) taking = this.#write(buffer)
    return taking ? undefined : this.#drained()
  }

  #write(buffer: Buffer): boolean {
    return this.#socket.write(buffer, () => giveBack(buffer))
  }

  /** Hands over octets without copying them, after what was written before. */
  send(octets: Uint8Array): Promise<void> | undefined {
    const before = this.writer.length > 0 ? this.writer.take() : []
    if (this.gone) throw new ConnectionEnded()
    let taking = true
    for (const buffer of before) taking = this.#write(buffer)
    if (octets.length > 0) taking = this.#socket.write(octets)
    return taking ? undefined : this.#drained()
  }

  #drained(): Promise<void> {
    const socket = this.#socket
    return new Promise((resolve, reject) => {
      const settle = (error?: Error) => {
        clearTimeout(timer)
        socket.off('drain', drained)
        socket.off('close', closed)
        if (error === undefined) resolve()
        else reject(error)
      }
      const drained = () => settle()
      const closed = () => settle(new ConnectionEnded())
      // Not read for so long: the connection goes, and with it what waits in the socket.
      const timer = setTimeout(() => socket.destroy(), this.#writeMs)
      socket.on('drain', drained)
      socket.on('close', closed)
    })
  }

  /** Sends what is left and closes; the client has a while to take it. */
  end(): void {
    const socket = this.#socket
    if (socket.destroyed) return
    for (const buffer of this.writer.take()) socket.write(buffer)
    const timer = setTimeout(() => socket.destroy(), Math.min(5_000, this.#writeMs))
    socket.once('close', () => clearTimeout(timer))
    socket.end(() => socket.destroySoon())
    // What the client still sends is not wanted, but must be read for its end to be seen.
    socket.resume()
  }
}
