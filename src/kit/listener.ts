// A listening socket with its limits: connections in all and from one address, TLS from the first byte where asked,
// and a shutdown that lets sessions finish what they were doing.

import { randomBytes } from 'node:crypto'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { Connection } from './connection.js'
import { ConnectionLimits, type MaxConnections } from './connection-limits.js'
import type { Logger } from './log.js'
import { remoteAddressOf } from './network.js'
import type { TlsContexts } from './tls.js'

export { Connection } from './connection.js'

export interface ListenerOptions extends MaxConnections {
  /** The protocol's name, as the log says it. */
  readonly name: string
  readonly host: string
  /** 0 picks a free one. */
  readonly port: number
  readonly tls?: TlsContexts | undefined
  /** TLS from the first byte. */
  readonly implicitTls?: boolean
  /** Sent, with CRLF, to a plain connection above a limit before it is closed. */
  readonly refuse?: string
  /** Who takes a connection ends it, also where the client closes its side: nothing is closed on its behalf. */
  readonly onConnection: (connection: Connection) => void
  readonly log: Logger
}

export class Listener {
  readonly #options: ListenerOptions
  readonly #server: Server
  readonly #connections = new Set<Connection>()
  readonly #limits: ConnectionLimits
  // Connection ids differ from those of an earlier run and of other instances.
  readonly #idPrefix = randomBytes(4).toString('hex')
  #accepted = 0
  #closing: Promise<void> | undefined
  #emptied: (() => void) | undefined

  constructor(options: ListenerOptions) {
    this.#options = options
    this.#limits = new ConnectionLimits(options)
    // Half open: who has said all that he will is still answered, and the session closes then.
    const sockets = { noDelay: true, keepAlive: true, highWaterMark: 64 * 1024, allowHalfOpen: true }
    this.#server = createServer(sockets, (socket) => this.#accept(socket))
  }

  /** How many connections are open now. */
  get size(): number {
    return this.#connections.size
  }

  /** Resolves with the address that was really taken; rejects where it cannot be. */
  listen(): Promise<{ host: string; port: number }> {
    const { host, port } = this.#options
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject)
      this.#server.listen({ host, port, backlog: 1024 }, () => {
        this.#server.off('error', reject)
        // Accepting may fail later, such as when file descriptors run out: told, and survived.
        this.#server.on('error', (err) => this.#options.log.error({ err }, 'accept-failed'))
        const address = this.#server.address() as AddressInfo
        resolve({ host: address.address, port: address.port })
      })
    })
  }

  /** Accepts nothing new, tells every connection, and after the grace destroys those still there. */
  close(graceMs: number): Promise<void> {
    this.#closing ??= this.#close(graceMs)
    return this.#closing
  }

  async #close(graceMs: number): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()))
    for (const connection of this.#connections) connection.announceClosing()
    if (this.#connections.size > 0) await this.#waitUntilEmpty(graceMs)
    for (const connection of this.#connections) connection.destroy()
    await closed
  }

  #waitUntilEmpty(graceMs: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, graceMs)
      this.#emptied = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }

  #accept(socket: Socket): void {
    const { tls, implicitTls, log } = this.#options
    const remoteAddress = remoteAddressOf(socket)
    this.#accepted += 1
    const id = `${this.#idPrefix}${this.#accepted.toString(36)}`
    const connection = new Connection({ socket, id, remoteAddress, tls, log })
    // No address: gone before it was accepted.
    if (remoteAddress === '') connection.destroy()
    else if (!this.#limits.admit(socket, remoteAddress)) this.#refuse(connection)
    else {
      this.#enter(connection)
      if (implicitTls === true) void this.#secure(connection)
      else this.#options.onConnection(connection)
    }
  }

  async #secure(connection: Connection): Promise<void> {
    try {
      await connection.startTls()
    } catch (error) {
      connection.log.debug({ err: (error as Error).message }, 'tls-handshake-failed')
      return
    }
    this.#options.onConnection(connection)
  }

  #refuse(connection: Connection): void {
    const { refuse, implicitTls, name } = this.#options
    connection.log.warn({ listener: name, connections: this.#connections.size }, 'connection-refused')
    const { socket } = connection
    if (refuse === undefined || implicitTls === true) {
      connection.destroy()
      return
    }
    // A client that does not take the line is not waited for.
    socket.setTimeout(1_000, () => socket.destroy())
    socket.end(`${refuse}\r\n`, () => socket.destroy())
  }

  #enter(connection: Connection): void {
    this.#connections.add(connection)
    connection.socket.once('close', () => {
      this.#connections.delete(connection)
      if (this.#connections.size === 0) this.#emptied?.()
    })
  }
}
