// One accepted connection, plain or under TLS, as every protocol sees it: who is there, whether it is secure, STARTTLS,
// and word of a shutdown. RFC 3207 §6 and CVE-2011-0411 for what STARTTLS must forget.

import type { Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import type { Logger } from './log.js'
import { isLoopback } from './network.js'
import type { TlsContexts } from './tls.js'

const HANDSHAKE_MS = 30_000

export interface ConnectionOptions {
  readonly socket: Socket
  readonly id: string
  readonly remoteAddress: string
  readonly tls: TlsContexts | undefined
  readonly log: Logger
}

export class Connection {
  /** Unique over restarts: it joins the lines of the log, and stands in Received. */
  readonly id: string
  readonly remoteAddress: string
  /** Replaced by the TLS socket once startTls resolves: listeners must be put on anew. */
  socket: Socket | TLSSocket
  secure = false
  /** True once the server is going down. */
  closing = false
  /** Called once when the server goes down, so that the session can say BYE or 421 and end the socket. */
  onClosing: (() => void) | undefined
  readonly #tls: TlsContexts | undefined
  readonly #serverLog: Logger
  #log: Logger | undefined

  constructor({ socket, id, remoteAddress, tls, log }: ConnectionOptions) {
    this.socket = socket
    this.id = id
    this.remoteAddress = remoteAddress
    this.#tls = tls
    this.#serverLog = log
    // Without a listener an error would end the process; the close that follows it is what sessions act on.
    socket.on('error', this.#noteError)
  }

  get loopback(): boolean {
    return isLoopback(this.remoteAddress)
  }

  /** Whether startTls is possible: certificates are there and the connection is still plain. */
  get canStartTls(): boolean {
    return this.#tls !== undefined && !this.secure
  }

  /** The connection's own logger; made when first asked for, because most connections never log. */
  get log(): Logger {
    this.#log ??= this.#serverLog.child({ connection: this.id, remote: this.remoteAddress })
    return this.#log
  }

  /**
   * Turns the connection into a secure one. Forgets what the client sent behind its request, sends `reply` (the
   * protocol's go-ahead, still plain), then shakes hands. The caller has taken its listeners off the socket, drops what
   * it buffered itself, and puts its listeners on `socket` again afterwards. Rejects where the handshake fails or
   * takes over 30 seconds; the connection is destroyed then.
   */
  async startTls(reply?: string): Promise<void> {
    if (this.#tls === undefined || this.secure) throw new Error('startTls: not possible on this connection')
    const plain = this.socket
    plain.pause()
    // What the client sent before it could have seen the reply is no part of the secure session.
    while (plain.read() !== null);
    if (reply !== undefined) await new Promise<void>((resolve) => plain.write(reply, () => resolve()))
    if (plain.destroyed) throw new Error('startTls: the connection is gone')
    const secured = new TLSSocket(plain, {
      isServer: true,
      secureContext: this.#tls.defaultContext,
      SNICallback: this.#tls.sniCallback,
    })
    secured.on('error', this.#noteError)
    await handshake(secured)
    this.socket = secured
    this.secure = true
  }

  destroy(): void {
    this.socket.destroy()
  }

  /** For the listener: says once that the server goes down. Where nobody listens for it, there is nothing to finish. */
  announceClosing(): void {
    if (this.closing) return
    this.closing = true
    if (this.onClosing === undefined) this.destroy()
    else this.onClosing()
  }

  #noteError = (err: Error): void => {
    this.log.debug({ err: err.message }, 'connection-error')
  }
}

function handshake(socket: TLSSocket): Promise<void> {
  return new Promise((resolve, reject) => {
    const settle = (error?: Error) => {
      clearTimeout(timer)
      socket.off('secure', settle)
      socket.off('close', closed)
      socket.off('end', closed)
      socket.off('error', settle)
      if (error === undefined) return resolve()
      socket.destroy()
      reject(error)
    }
    const closed = () => settle(new Error('the client left during the TLS handshake'))
    const timer = setTimeout(() => settle(new Error('the TLS handshake took too long')), HANDSHAKE_MS)
    socket.on('secure', settle)
    socket.on('close', closed)
    socket.on('end', closed)
    socket.on('error', settle)
  })
}
