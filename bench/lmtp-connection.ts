// One LMTP connection of the load generator (RFC 2033): MAIL, RCPT and DATA in one flight (RFC 2920), then the message; or
// all of it in one flight, where the server takes BDAT (RFC 3030).
import net from 'node:net'
import { drained } from './drained.js'
import type { Endpoint } from './server.js'

interface Waiting {
  resolve(line: string): void
  reject(error: Error): void
}

export class LmtpConnection {
  private readonly socket: net.Socket
  private readonly replies: Waiting[] = []
  private pending = ''
  private failure: Error | undefined
  private extensions = ''

  private constructor(endpoint: Endpoint) {
    this.socket = net.connect({ host: endpoint.host, port: endpoint.port })
    this.socket.setNoDelay(true)
    this.socket.setEncoding('latin1')
    this.socket.on('data', (text: string) => this.received(text))
    this.socket.on('error', (error) => this.fail(error))
    this.socket.on('close', () => this.fail(new Error('the server closed the LMTP connection')))
  }

  static async open(endpoint: Endpoint): Promise<LmtpConnection> {
    const connection = new LmtpConnection(endpoint)
    await connection.expect('220')
    connection.socket.write('LHLO bench.example\r\n')
    const last = await connection.expect('250')
    connection.extensions += last.slice(4)
    return connection
  }

  private received(text: string): void {
    this.pending += text
    for (;;) {
      const end = this.pending.indexOf('\r\n')
      if (end < 0) return
      const line = this.pending.slice(0, end)
      this.pending = this.pending.slice(end + 2)
      if (line[3] === '-') this.extensions += `${line.slice(4)}\n`
      else this.replies.shift()?.resolve(line)
    }
  }

  private fail(error: Error): void {
    this.failure ??= error
    for (const waiting of this.replies.splice(0)) waiting.reject(error)
  }

  private async expect(code: string): Promise<string> {
    const line = await new Promise<string>((resolve, reject) => {
      if (this.failure) reject(this.failure)
      else this.replies.push({ resolve, reject })
    })
    if (!line.startsWith(code)) throw new Error(`LMTP: ${line}`)
    return line
  }

  /** Delivers one message, which has no line that begins with a dot. Resolves with the moment its last octet was written. */
  deliver(to: string, message: Buffer): Promise<number> {
    return this.deliverStream(to, [message])
  }

  /** Delivers one message as the one chunk of BDAT. Rejects where the server does not offer that. */
  async deliverChunk(to: string, message: Buffer): Promise<void> {
    if (!/^CHUNKING$/im.test(this.extensions)) throw new Error('the server does not offer CHUNKING')
    const done = Promise.all([this.expect('250'), this.expect('250'), this.expect('250')])
    this.socket.cork()
    this.socket.write(
      `MAIL FROM:<sender@bench.example>\r\nRCPT TO:<${to}>\r\nBDAT ${message.length} LAST\r\n`,
      'latin1',
    )
    this.socket.write(message)
    this.socket.uncork()
    await done
  }

  async deliverStream(to: string, pieces: Iterable<Buffer>): Promise<number> {
    const accepted = [this.expect('250'), this.expect('250'), this.expect('354')]
    this.socket.write(`MAIL FROM:<sender@bench.example>\r\nRCPT TO:<${to}>\r\nDATA\r\n`, 'latin1')
    await Promise.all(accepted)
    const done = this.expect('250')
    this.socket.cork()
    for (const piece of pieces) {
      const room = this.socket.write(piece)
      if (!room) {
        this.socket.uncork()
        await drained(this.socket)
        this.socket.cork()
      }
    }
    this.socket.write('.\r\n')
    this.socket.uncork()
    const written = performance.now()
    await done
    return written
  }

  close(): void {
    this.socket.end('QUIT\r\n')
    this.socket.destroySoon()
  }
}
