// A mail client that sends exactly what it is told, and reads replies. Tests use it where nodemailer is too polite.

import { connect, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'

const PATIENCE_MS = 20_000

export class SmtpClient {
  #socket: Socket
  #received = ''
  #ended = false
  #wake: (() => void) | undefined

  constructor(port: number) {
    this.#socket = this.#listenTo(connect({ port, host: '127.0.0.1', noDelay: true }))
  }

  /** With its greeting read. */
  static async open(port: number): Promise<SmtpClient> {
    const client = new SmtpClient(port)
    await client.reply()
    return client
  }

  /** Resolves when the octets went to the socket; a server that does not read makes it wait. */
  send(octets: string | Uint8Array): Promise<void> {
    return new Promise((resolve) => this.#socket.write(octets, () => resolve()))
  }

  /** Sends and closes this side: nothing more will come. */
  end(octets: string): void {
    this.#socket.end(octets)
  }

  /** One whole reply, its lines joined by LF. Rejects where the connection ends first. */
  async reply(): Promise<string> {
    for (;;) {
      const match = /^(?:\d{3}-[^\r\n]*\r\n)*\d{3}(?: [^\r\n]*)?\r\n/.exec(this.#received)
      if (match !== null) {
        this.#received = this.#received.slice(match[0].length)
        return match[0].trimEnd().replaceAll('\r\n', '\n')
      }
      if (this.#ended) throw new Error(`connection ended after ${JSON.stringify(this.#received)}`)
      await this.#more('a reply')
    }
  }

  async replies(count: number): Promise<string[]> {
    const all: string[] = []
    while (all.length < count) all.push(await this.reply())
    return all
  }

  /** Sends a line and reads its reply. */
  async ask(line: string): Promise<string> {
    void this.send(`${line}\r\n`)
    return this.reply()
  }

  /** Everything until the server ends the connection. */
  async rest(): Promise<string> {
    while (!this.#ended) await this.#more('the end of the connection')
    return this.#received
  }

  async startTls(): Promise<void> {
    this.#socket.removeAllListeners()
    const socket = connectTls({ socket: this.#socket, rejectUnauthorized: false })
    this.#socket = this.#listenTo(socket)
    await new Promise<void>((resolve, reject) => {
      socket.once('secureConnect', resolve)
      socket.once('close', () => reject(new Error('no TLS')))
    })
  }

  /** Does not read any more: what the server writes piles up on its side. */
  pause(): void {
    this.#socket.pause()
  }

  resume(): void {
    this.#socket.resume()
  }

  close(): void {
    this.#socket.destroy()
  }

  #listenTo(socket: Socket): Socket {
    const end = () => {
      this.#ended = true
      this.#wake?.()
    }
    socket.on('data', (data: Buffer) => {
      this.#received += data.toString('latin1')
      this.#wake?.()
    })
    socket.on('error', end)
    socket.on('close', end)
    return socket
  }

  #more(what: string): Promise<void> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(
        () => reject(new Error(`waited for ${what} after ${JSON.stringify(this.#received.slice(0, 200))}`)),
        PATIENCE_MS,
      )
      this.#wake = () => {
        clearTimeout(timer)
        this.#wake = undefined
        resolve()
      }
    })
  }
}
