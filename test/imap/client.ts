// A bare IMAP client for tests: sends octets, gives back whole responses (lines with their literals in place).

import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { PASSWORD } from './server.js'

const TIMEOUT_MS = 20_000

export class ImapClient {
  socket: Socket
  #buffered = Buffer.alloc(0)
  #closed = false
  #wake: (() => void) | undefined
  #tags = 0

  private constructor(socket: Socket) {
    this.socket = socket
    this.#listen()
  }

  static async connect(port: number): Promise<ImapClient> {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true })
    await once(socket, 'connect')
    return new ImapClient(socket)
  }

  /** Connected, greeted and logged in. */
  static async login(port: number, user: string): Promise<ImapClient> {
    const client = await ImapClient.connect(port)
    await client.response()
    await client.ok(`LOGIN "${user}" "${PASSWORD}"`)
    return client
  }

  #listen(): void {
    this.socket.on('data', (chunk) => {
      this.#buffered = Buffer.concat([this.#buffered, chunk])
      this.#wake?.()
    })
    this.socket.on('error', () => {})
    this.socket.on('close', () => {
      this.#closed = true
      this.#wake?.()
    })
  }

  async startTls(): Promise<void> {
    this.socket.removeAllListeners()
    this.socket = connectTls({ socket: this.socket, rejectUnauthorized: false })
    await once(this.socket, 'secureConnect')
    this.#listen()
  }

  /** Latin-1 text or octets, as they are. */
  send(text: string | Uint8Array): void {
    this.socket.write(typeof text === 'string' ? Buffer.from(text, 'latin1') : text)
  }

  #more(): Promise<void> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(
        () => reject(new Error(`no answer; so far: ${this.#buffered.toString('latin1')}`)),
        TIMEOUT_MS,
      )
      this.#wake = () => {
        clearTimeout(timer)
        this.#wake = undefined
        resolve()
      }
    })
  }

  /** Where the response at the front ends; -1 where it is not whole. */
  #end(): number {
    let at = 0
    for (;;) {
      const lf = this.#buffered.indexOf('\r\n', at)
      if (lf < 0) return -1
      const literal = /\{(\d+)\}$/.exec(this.#buffered.toString('latin1', at, lf))
      if (literal === null) return lf + 2
      at = lf + 2 + Number(literal[1])
      if (this.#buffered.length < at) return -1
    }
  }

  /** The next response without its CRLF, as Latin-1; undefined at the end of the connection. */
  async response(): Promise<string | undefined> {
    for (;;) {
      const end = this.#end()
      if (end >= 0) {
        const response = this.#buffered.toString('latin1', 0, end - 2)
        this.#buffered = this.#buffered.subarray(end)
        return response
      }
      if (this.#closed) return undefined
      await this.#more()
    }
  }

  async waitForClose(): Promise<void> {
    while (!this.#closed) await this.#more()
  }

  /** Responses up to the tagged one (or to the end), that one last. */
  async until(tag: string): Promise<string[]> {
    const responses: string[] = []
    for (;;) {
      const response = await this.response()
      if (response === undefined) return responses
      responses.push(response)
      if (response.startsWith(`${tag} `)) return responses
    }
  }

  nextTag(): string {
    this.#tags++
    return `t${this.#tags}`
  }

  /** Sends a command and waits for its end: the untagged responses, and the tagged one without its tag. */
  async command(text: string): Promise<{ untagged: string[]; tagged: string }> {
    const tag = this.nextTag()
    this.send(`${tag} ${text}\r\n`)
    const responses = await this.until(tag)
    const tagged = responses.pop() ?? ''
    return { untagged: responses, tagged: tagged.slice(tag.length + 1) }
  }

  /** The same; throws where it is not OK. */
  async ok(text: string): Promise<string[]> {
    const { untagged, tagged } = await this.command(text)
    if (!tagged.startsWith('OK')) throw new Error(`${text}: ${tagged}`)
    return untagged
  }

  /** APPENDs a message and returns the tagged response. */
  async append(mailbox: string, message: string | Uint8Array, attributes = ''): Promise<string> {
    const octets = typeof message === 'string' ? Buffer.from(message, 'latin1') : message
    const tag = this.nextTag()
    this.send(`${tag} APPEND ${mailbox} ${attributes === '' ? '' : `${attributes} `}{${octets.length}}\r\n`)
    const first = (await this.response()) ?? ''
    if (!first.startsWith('+')) return first.slice(tag.length + 1)
    this.send(octets)
    this.send('\r\n')
    const responses = await this.until(tag)
    return (responses.at(-1) ?? '').slice(tag.length + 1)
  }

  close(): void {
    this.socket.destroy()
  }
}
