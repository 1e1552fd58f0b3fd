// One IMAP connection of the load generator: commands with promised replies, APPEND, IDLE. RFC 9051; non-synchronizing
// literals of RFC 7888 where the server offers them. Every reply other than OK rejects.
import net from 'node:net'
import tls from 'node:tls'
import { drained } from './drained.js'
import { ResponseScanner } from './scanner.js'
import type { Endpoint } from './server.js'

const READ_BUFFER = 256 * 1024
/** LITERAL- allows this much without waiting for the server (RFC 7888 §5). */
const LITERAL_MINUS_LIMIT = 4096
/** The greeting is waited for as if it had this tag. */
const GREETING = 0

interface Waiting {
  readonly what: string
  resolve(text: string): void
  reject(error: Error): void
}

interface ConnectionSettings {
  /** Octets of this connection's read buffer: small where hundreds only idle. */
  readonly readBuffer?: number
}

export class ImapConnection {
  readonly scanner: ResponseScanner
  /** EXISTS as last told. */
  messages = 0
  /** Called at each EXISTS, with the count. */
  onExists: ((count: number) => void) | undefined
  private readonly socket: net.Socket
  private readonly waiting = new Map<number, Waiting>()
  private goAhead: ((sent: boolean) => void) | undefined
  private greeted = false
  private status = ''
  private tag = 0
  private literalLimit = -1
  private failure: Error | undefined

  private constructor(endpoint: Endpoint, readBuffer: number) {
    this.scanner = new ResponseScanner({
      tagged: (tag, ok, text) => this.settle(tag, ok, text),
      continuation: () => this.release(true),
      exists: (count) => this.told(count),
      untagged: (text) => this.untagged(text),
    })
    this.socket = this.dial(endpoint, readBuffer)
    this.socket.setNoDelay(true)
    this.socket.on('error', (error) => this.fail(error))
    this.socket.on('close', () => this.fail(new Error('the server closed the connection')))
  }

  static async open(endpoint: Endpoint, settings: ConnectionSettings = {}): Promise<ImapConnection> {
    const connection = new ImapConnection(endpoint, settings.readBuffer ?? READ_BUFFER)
    await connection.reply(GREETING, 'greeting')
    return connection
  }

  private dial(endpoint: Endpoint, readBuffer: number): net.Socket {
    const { host, port } = endpoint
    if (endpoint.tls) {
      const secure = tls.connect({ host, port, rejectUnauthorized: false })
      secure.on('data', (chunk: Buffer) => this.scanner.feed(chunk))
      return secure
    }
    const buffer = Buffer.allocUnsafeSlow(readBuffer)
    const callback = (size: number): boolean => {
      this.scanner.feed(buffer.subarray(0, size))
      return true
    }
    return net.connect({ host, port, onread: { buffer, callback } })
  }

  private untagged(text: string): void {
    if (text.includes('CAPABILITY')) this.learnLiterals(text)
    if (text.startsWith('STATUS')) this.status = text
    if (this.greeted) return
    this.greeted = true
    this.settle(GREETING, text.startsWith('OK') || text.startsWith('PREAUTH'), text)
  }

  private told(count: number): void {
    this.messages = count
    this.onExists?.(count)
  }

  private learnLiterals(text: string): void {
    if (/ LITERAL\+/i.test(text)) this.literalLimit = Number.MAX_SAFE_INTEGER
    else if (/ LITERAL-/i.test(text)) this.literalLimit = LITERAL_MINUS_LIMIT
  }

  private settle(tag: number, ok: boolean, text: string): void {
    if (text.includes('[CAPABILITY')) this.learnLiterals(text)
    const waiting = this.waiting.get(tag)
    if (!waiting) {
      this.fail(new Error(`a reply that nobody asked for: ${text}`))
      return
    }
    this.waiting.delete(tag)
    this.release(false)
    if (ok) waiting.resolve(text)
    else waiting.reject(new Error(`${waiting.what}: ${text}`))
  }

  private release(sent: boolean): void {
    const release = this.goAhead
    this.goAhead = undefined
    release?.(sent)
  }

  private fail(error: Error): void {
    this.failure ??= error
    this.release(false)
    for (const waiting of this.waiting.values())
      waiting.reject(new Error(`${waiting.what}: ${error.message}`))
    this.waiting.clear()
  }

  private reply(tag: number, what: string): Promise<string> {
    return new Promise((resolve, reject) => {
      if (this.failure) reject(new Error(`${what}: ${this.failure.message}`))
      else this.waiting.set(tag, { what, resolve, reject })
    })
  }

  /** Sends a command without literals; resolves with the text after its tag when that is OK. */
  command(text: string): Promise<string> {
    const tag = ++this.tag
    const reply = this.reply(tag, text.startsWith('LOGIN') ? 'LOGIN' : text.slice(0, 80))
    this.socket.write(`a${tag} ${text}\r\n`, 'latin1')
    return reply
  }

  async login(user: string, password: string): Promise<void> {
    await this.command(`LOGIN ${quoted(user)} ${quoted(password)}`)
    if (this.literalLimit < 0) await this.command('CAPABILITY')
  }

  /** Sends SELECT; resolves with EXISTS. */
  async select(mailbox: string): Promise<number> {
    await this.command(`SELECT ${quoted(mailbox)}`)
    return this.messages
  }

  /** MESSAGES of a mailbox, -1 where it does not exist. */
  async count(mailbox: string): Promise<number> {
    this.status = ''
    try {
      await this.command(`STATUS ${quoted(mailbox)} (MESSAGES)`)
    } catch (error) {
      if (this.failure) throw error
      return -1
    }
    const found = /MESSAGES (\d+)/i.exec(this.status)
    return Number(found?.[1] ?? -1)
  }

  /** True where a literal of this size may follow its command at once, so that APPENDs can be pipelined. */
  canPipeline(size: number): boolean {
    return size <= this.literalLimit
  }

  async append(mailbox: string, message: Buffer): Promise<string> {
    if (!this.canPipeline(message.length)) return this.appendStream(mailbox, message.length, [message])
    const tag = ++this.tag
    const reply = this.reply(tag, 'APPEND')
    const head = `a${tag} APPEND ${quoted(mailbox)} {${message.length}+}\r\n`
    const command = Buffer.allocUnsafe(head.length + message.length + 2)
    command.write(head, 'latin1')
    message.copy(command, head.length)
    command.write('\r\n', head.length + message.length, 'latin1')
    this.socket.write(command)
    return reply
  }

  /** APPEND with a synchronizing literal whose octets come in pieces; holds back while the socket is full. */
  async appendStream(mailbox: string, size: number, pieces: Iterable<Buffer>): Promise<string> {
    const tag = ++this.tag
    const reply = this.reply(tag, 'APPEND')
    const goAhead = this.awaitContinuation()
    this.socket.write(`a${tag} APPEND ${quoted(mailbox)} {${size}}\r\n`, 'latin1')
    if (await goAhead) {
      for (const piece of pieces) if (!this.socket.write(piece)) await drained(this.socket)
      this.socket.write('\r\n')
    }
    return reply
  }

  private awaitContinuation(): Promise<boolean> {
    return new Promise((resolve) => {
      this.goAhead = resolve
    })
  }

  /** Enters IDLE (RFC 2177); the result ends it. */
  async idle(): Promise<() => Promise<string>> {
    const tag = ++this.tag
    const reply = this.reply(tag, 'IDLE')
    const goAhead = this.awaitContinuation()
    this.socket.write(`a${tag} IDLE\r\n`)
    if (!(await goAhead)) await reply
    return () => {
      this.socket.write('DONE\r\n')
      return reply
    }
  }

  async logout(): Promise<void> {
    await this.command('LOGOUT')
    this.close()
  }

  close(): void {
    this.socket.destroy()
  }
}

function quoted(text: string): string {
  return `"${text.replace(/[\\"]/g, '\\$&')}"`
}
