// A client in IDLE (RFC 2177) on one instance, which says when it heard what. Nothing but what stands on the wire.

import type { Socket } from 'node:net'
import { openSocket } from '../wire/connect.js'

/** Milliseconds for an answer on a machine which does much else. */
const PATIENCE_MS = 30_000

export class Idler {
  readonly #socket: Socket
  #heard = ''
  #wake: (() => void) | undefined

  private constructor(socket: Socket) {
    this.#socket = socket
    socket.setEncoding('latin1').on('data', (text: string) => {
      this.#heard += text
      this.#wake?.()
    })
    socket.on('close', () => this.#wake?.())
  }

  /** Logged in, INBOX selected, in IDLE unless told otherwise. */
  static async login(address: string | undefined, user: string, idle = true): Promise<Idler> {
    const idler = new Idler(await openSocket(address))
    await idler.until(/^\* OK/)
    await idler.command(`LOGIN ${user} secretpass`)
    await idler.command('SELECT INBOX')
    if (idle) {
      idler.#socket.write('i IDLE\r\n')
      await idler.until(/^\+ /m)
    }
    return idler
  }

  /** What came before its completion; throws where that is not OK. */
  async command(line: string): Promise<string> {
    this.#socket.write(`c ${line}\r\n`)
    const heard = await this.until(/^c (OK|NO|BAD).*$/m)
    if (!/^c OK/m.test(heard)) throw new Error(`${line}: ${heard}`)
    return heard
  }

  /** Whatever it heard until the pattern matched; then that is forgotten. */
  async until(pattern: RegExp): Promise<string> {
    const deadline = Date.now() + PATIENCE_MS
    while (!pattern.test(this.#heard)) {
      if (this.#socket.destroyed || Date.now() > deadline)
        throw new Error(`not heard: ${pattern} in ${JSON.stringify(this.#heard)}`)
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, 1000)
        this.#wake = () => {
          clearTimeout(timer)
          resolve()
        }
      })
    }
    const heard = this.#heard
    this.#heard = ''
    return heard
  }

  /** By `performance.now`, when INBOX was told to hold so many. */
  async exists(messages: number): Promise<number> {
    await this.until(new RegExp(`^\\* ${messages} EXISTS\\r`, 'm'))
    return performance.now()
  }

  close(): void {
    this.#socket.destroy()
  }
}
