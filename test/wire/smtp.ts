// A small SMTP and LMTP client for tests (RFC 5321, RFC 2033, RFC 3030): replies as they come, messages octet for octet.

import type { Socket } from 'node:net'
import { openSocket } from './connect.js'
import { OctetReader } from './octets.js'

export interface Reply {
  readonly code: number
  /** `4.3.1` of `452 4.3.1 …` (RFC 2034), where there is one. */
  readonly enhanced: string | undefined
  readonly text: string
}

export interface Delivery {
  readonly from?: string
  readonly to: readonly string[]
  readonly message: Uint8Array
  /** Behind `MAIL FROM:<…>`; `BODY=8BITMIME` unless given. */
  readonly parameters?: string
  /** Octets of each chunk, where BDAT is to be used (RFC 3030). */
  readonly chunk?: number | undefined
}

export class SmtpClient {
  readonly #socket: Socket
  readonly #reader: OctetReader
  readonly #lmtp: boolean

  private constructor(socket: Socket, lmtp: boolean) {
    this.#socket = socket
    this.#reader = new OctetReader(socket)
    this.#lmtp = lmtp
  }

  static async connect(address: string | undefined, protocol: 'smtp' | 'lmtp'): Promise<SmtpClient> {
    const client = new SmtpClient(await openSocket(address), protocol === 'lmtp')
    client.#expect(await client.reply(), 220)
    client.#expect(await client.command(`${protocol === 'lmtp' ? 'LHLO' : 'EHLO'} client.example`), 250)
    return client
  }

  async command(line: string): Promise<Reply> {
    this.#socket.write(`${line}\r\n`)
    return this.reply()
  }

  async reply(): Promise<Reply> {
    const lines: string[] = []
    for (;;) {
      const line = (await this.#reader.line()).toString('utf8').trimEnd()
      lines.push(line.slice(4))
      if (line[3] === '-') continue
      const enhanced = /^([245]\.\d+\.\d+)(?: |$)/.exec(line.slice(4))
      return { code: Number(line.slice(0, 3)), enhanced: enhanced?.[1], text: lines.join('\n') }
    }
  }

  /** The replies that decide: the first refusal before the end of the message, else one for the message (SMTP) or each recipient (LMTP). */
  async deliver({
    from = 'sender@example.org',
    to,
    message,
    parameters = 'BODY=8BITMIME',
    chunk,
  }: Delivery): Promise<Reply[]> {
    const lines = [
      `MAIL FROM:<${from}> ${parameters}`.trimEnd(),
      ...to.map((address) => `RCPT TO:<${address}>`),
    ]
    for (const line of lines) {
      const reply = await this.command(line)
      if (reply.code !== 250) return [reply]
    }
    const refusal = await (chunk === undefined ? this.#sendData(message) : this.#sendChunks(message, chunk))
    if (refusal !== undefined) return [refusal]
    const replies = [await this.reply()]
    while (this.#lmtp && replies.length < to.length) replies.push(await this.reply())
    return replies
  }

  /** Sends all of it; the reply that refused it before, or undefined. */
  async #sendData(message: Uint8Array): Promise<Reply | undefined> {
    const ready = await this.command('DATA')
    if (ready.code !== 354) return ready
    this.#socket.write(asData(message))
    return undefined
  }

  async #sendChunks(message: Uint8Array, size: number): Promise<Reply | undefined> {
    let at = 0
    for (; message.length - at > size; at += size) {
      this.#socket.write(`BDAT ${size}\r\n`)
      this.#socket.write(message.subarray(at, at + size))
      const reply = await this.reply()
      if (reply.code !== 250) return reply
    }
    this.#socket.write(`BDAT ${message.length - at} LAST\r\n`)
    this.#socket.write(message.subarray(at))
    return undefined
  }

  async quit(): Promise<void> {
    await this.command('QUIT').catch(() => {})
    this.close()
  }

  close(): void {
    this.#socket.destroy()
  }

  #expect(reply: Reply, code: number): void {
    if (reply.code !== code) throw new Error(`expected ${code}: ${reply.code} ${reply.text}`)
  }
}

/** What DATA sends (RFC 5321 §4.5.2): a line begins at the start and behind CRLF, not behind a bare LF or CR. */
export function asData(message: Uint8Array): Buffer {
  const source = Buffer.from(message.buffer, message.byteOffset, message.byteLength)
  const pieces: Buffer[] = source[0] === 0x2e ? [Buffer.from('.')] : []
  let start = 0
  for (let at = source.indexOf('\r\n.'); at >= 0; at = source.indexOf('\r\n.', at + 2)) {
    pieces.push(source.subarray(start, at + 3), Buffer.from('.'))
    start = at + 3
  }
  pieces.push(source.subarray(start))
  if (!endsWithCrlf(source)) pieces.push(Buffer.from('\r\n'))
  return Buffer.concat([...pieces, Buffer.from('.\r\n')])
}

export function endsWithCrlf(octets: Uint8Array): boolean {
  return octets.at(-2) === 0x0d && octets.at(-1) === 0x0a
}
