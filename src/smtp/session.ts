// One SMTP or LMTP connection: reads commands, keeps the transaction's state, sends replies in groups (RFC 2920 §3.2),
// receives mail data. What the commands mean stands in commands.ts, what becomes of the mail behind MailTarget.

import { Deadline } from '../kit/deadline.js'
import type { Connection } from '../kit/listener.js'
import { type Answer, commandOf, type Dialogue } from './commands.js'
import { ChunkDecoder, DataDecoder } from './data-decoder.js'
import type { Accepted, Client, MailTarget, Sender } from './envelope.js'
import { parseCommand } from './grammar.js'
import { Incoming } from './incoming.js'
import { Input } from './input.js'
import { LineReader, TOO_LONG } from './line-reader.js'
import type { Reply } from './replies.js'
import * as replies from './replies.js'
import type { SmtpSettings } from './settings.js'

/** Replies kept back for a group, in characters. */
const MAX_GROUP = 16 * 1024
/** Milliseconds that a client has to read our last line and leave. */
const LINGER_MS = 2_000

/** So many milliseconds, or fewer where the moment `latest`, by performance.now(), comes before. */
const untilThen = (ms: number, latest = Number.POSITIVE_INFINITY): number =>
  Math.max(0, Math.min(ms, latest - performance.now()))

export class Session implements Dialogue {
  readonly settings: SmtpSettings
  readonly target: MailTarget
  client: Client | undefined
  sender: Sender | undefined
  recipients: Accepted[] = []
  readonly #connection: Connection
  readonly #input = new Input()
  #lines: LineReader
  readonly #deadline = new Deadline(() => this.finish(replies.TIMED_OUT))
  #out = ''
  #messages = 0
  #badRecipients = 0
  #badCommands = 0
  /** A command or a message is being worked on: it is finished before the server goes down. */
  #busy = false
  #finished = false
  /** The message under way, between the chunks of BDAT too. */
  #incoming: Incoming | undefined

  constructor(connection: Connection, settings: SmtpSettings, target: MailTarget) {
    this.#connection = connection
    this.settings = settings
    this.target = target
    this.#lines = new LineReader(settings.limits.commandLine)
  }

  get secure(): boolean {
    return this.#connection.secure
  }

  get receiving(): boolean {
    return this.#incoming !== undefined
  }

  get canStartTls(): boolean {
    return this.#connection.canStartTls
  }

  /** Serves the connection to its end; never rejects. */
  async run(): Promise<void> {
    const { protocol, hostname } = this.settings
    this.#input.attach(this.#connection.socket)
    this.#connection.onClosing = () => {
      if (!this.#busy) this.finish(replies.SHUTTING_DOWN)
    }
    this.#send(`220 ${hostname} ${protocol === 'lmtp' ? 'LMTP' : 'ESMTP'} Eider`)
    try {
      await this.#serve()
    } catch (error) {
      this.#connection.log.error({ err: error }, 'session-failed')
      this.finish(replies.TRY_LATER.replace('451', '421'))
    } finally {
      this.#deadline.close()
      this.#connection.onClosing = undefined
      await this.#incoming?.abort()
      // The client has said all that it will; it may still wait for our answers.
      if (!this.#finished) this.#close()
    }
  }

  async #serve(): Promise<void> {
    this.#deadline.set(this.settings.limits.commandMs)
    while (!this.#finished) {
      const line = this.#lines.next()
      if (line === undefined) {
        if (!(await this.#fill())) return
        continue
      }
      this.#busy = true
      const answer = line === TOO_LONG ? replies.LINE_TOO_LONG : this.#execute(line)
      this.#answer(answer instanceof Promise ? await answer : answer)
      this.#busy = false
      // Before the wait for a client that does not read.
      this.#deadline.set(untilThen(this.settings.limits.commandMs, this.#incoming?.latest))
      if (this.#out.length > MAX_GROUP) await this.#drain()
      if (this.#connection.closing) this.finish(replies.SHUTTING_DOWN)
    }
  }

  /** Sends what is due and waits for more from the client; false at the end. */
  async #fill(): Promise<boolean> {
    let octets = this.#input.read()
    if (octets instanceof Promise) {
      await this.#drain()
      octets = await octets
    }
    if (octets === undefined) return false
    this.#lines.push(octets)
    return true
  }

  #execute(line: Buffer): Answer | Promise<Answer> {
    const command = parseCommand(line)
    if (command === undefined) return replies.NOT_TEXT
    return this.#guard(commandOf(this.settings.protocol, command.verb)(this, command.argument))
  }

  /** An error of a command is that command's answer, and the connection lives on. */
  #guard(answer: Answer | Promise<Answer>): Answer | Promise<Answer> {
    if (!(answer instanceof Promise)) return answer
    return answer.catch((error: unknown) => {
      this.#connection.log.warn(replies.describeError(error), 'command-failed')
      return replies.replyToError(error)
    })
  }

  #answer(answer: Answer): void {
    if (answer === undefined || this.#finished) return
    for (const line of typeof answer === 'string' ? [answer] : answer) this.#send(line)
    if (typeof answer === 'string') this.#countFailures(answer)
  }

  #countFailures(reply: Reply): void {
    const { badRecipients, badCommands } = this.settings.limits
    if (reply === replies.UNKNOWN_RECIPIENT) this.#badRecipients += 1
    else if (/^50[0-3]|^555/.test(reply)) this.#badCommands += 1
    if (this.#badRecipients >= badRecipients) this.finish(replies.TOO_MANY_BAD_RECIPIENTS)
    else if (this.#badCommands >= badCommands) this.finish(replies.TOO_MANY_ERRORS)
  }

  #send(line: Reply): void {
    this.#out += `${line}\r\n`
  }

  #flush(): void {
    if (this.#out === '') return
    this.#connection.socket.write(this.#out, 'latin1')
    this.#out = ''
  }

  /** Sends; where the client does not read, waits until it does, or until the deadline. */
  async #drain(): Promise<void> {
    this.#flush()
    const { socket } = this.#connection
    if (!socket.writableNeedDrain) return
    await new Promise<void>((resolve) => {
      const done = () => {
        socket.off('drain', done)
        socket.off('close', done)
        resolve()
      }
      socket.on('drain', done)
      socket.on('close', done)
    })
  }

  // What the commands do with the session.

  greet(helo: string, extended: boolean): void {
    const { secure, remoteAddress } = this.#connection
    this.client = { helo, extended, secure, remoteAddress }
    this.reset()
  }

  /** RFC 5321 §4.1.1.5: drops the transaction, keeps the greeting. */
  reset(): void {
    this.sender = undefined
    this.recipients = []
    void this.#incoming?.abort()
    this.#incoming = undefined
  }

  /** Says the last line and lets the client go. */
  finish(reply: Reply): void {
    if (this.#finished) return
    this.#finished = true
    this.#deadline.close()
    this.#send(reply)
    this.#close()
  }

  #close(): void {
    const { socket } = this.#connection
    if (socket.destroyed) return
    socket.end(this.#out, 'latin1')
    this.#out = ''
    // What it still sends is read and thrown away: closing on it would reset the connection before our line is read.
    this.#input.stop()
    const linger = setTimeout(() => socket.destroy(), LINGER_MS)
    socket.once('close', () => clearTimeout(linger))
  }

  /** RFC 3207 §4: everything the client said before is forgotten, and what it sent behind the command with it. */
  async startTls(): Promise<void> {
    this.#flush()
    this.#input.detach()
    this.#lines = new LineReader(this.settings.limits.commandLine)
    this.client = undefined
    this.reset()
    try {
      await this.#connection.startTls(`${replies.READY_FOR_TLS}\r\n`)
    } catch (error) {
      this.#connection.log.debug({ err: (error as Error).message }, 'tls-handshake-failed')
      this.#connection.destroy()
      this.#input.stop()
      return
    }
    this.#input.attach(this.#connection.socket)
  }

  /** Receives the mail data of DATA and hands it on; ends the transaction (RFC 5321 §4.1.1.4). */
  async receive(): Promise<Answer> {
    this.#begin()
    this.#send(replies.START_INPUT)
    return (await this.#transfer(new DataDecoder())) ? this.#deliver() : undefined
  }

  /** Receives a chunk of BDAT; the last one ends the transaction (RFC 3030 §2). */
  async receiveChunk(size: number, last: boolean): Promise<Answer> {
    if (!this.receiving) this.#begin()
    if (!(await this.#transfer(new ChunkDecoder(size)))) return undefined
    return last ? this.#deliver() : (this.#incoming?.refused ?? replies.OK)
  }

  /** Reads a chunk that belongs to no message and throws it away: it is no command (RFC 3030 §2). */
  async skipChunk(size: number, refusal: Reply): Promise<Answer> {
    return (await this.#transfer(new ChunkDecoder(size))) ? refusal : undefined
  }

  #begin(): void {
    const { client, sender, recipients } = this
    if (client === undefined || sender === undefined) throw new Error('unreachable: MAIL came before')
    this.#messages += 1
    const { id, log } = this.#connection
    const sink = this.target.open({ client, sender, recipients, id: `${id}-${this.#messages}` })
    this.#incoming = new Incoming(sink, performance.now() + this.settings.limits.transferMs, log)
  }

  async #deliver(): Promise<Answer> {
    const { recipients } = this
    const incoming = this.#incoming
    this.#busy = true
    this.#deadline.clear()
    const answer = (await incoming?.deliver()) ?? []
    this.#incoming = undefined
    this.reset()
    // LMTP: a reply for each recipient; SMTP: one for all (RFC 2033 §4.2).
    const count = this.settings.protocol === 'lmtp' ? recipients.length : 1
    return Array.from({ length: count }, (_, i) => answer[i] ?? answer[0] ?? replies.TRY_LATER)
  }

  /** Reads to the end of what the decoder knows, for the message under way if there is one; false where the connection ended. */
  async #transfer(decoder: DataDecoder | ChunkDecoder): Promise<boolean> {
    const incoming = this.#incoming
    const latest = incoming?.latest ?? performance.now() + this.settings.limits.transferMs
    let octets: Buffer | undefined = this.#lines.takeRest()
    while (octets !== undefined) {
      const pieces: Buffer[] = []
      const used = decoder.push(octets, pieces)
      await incoming?.write(pieces)
      if (this.#finished) return false
      if (decoder.ended) {
        this.#lines.push(octets.subarray(used))
        return true
      }
      octets = await this.#nextOctets(latest)
    }
    return false
  }

  async #nextOctets(latest: number): Promise<Buffer | undefined> {
    this.#deadline.set(untilThen(this.settings.limits.dataMs, latest))
    // Nothing was promised yet: at a shutdown this may be broken off.
    this.#busy = false
    if (this.#connection.closing) this.finish(replies.SHUTTING_DOWN)
    const octets = this.#input.read()
    if (!(octets instanceof Promise)) return octets
    await this.#drain()
    const arrived = await octets
    this.#deadline.clear()
    return arrived
  }
}
