// A TCP proxy in front of one port, whose way can be cut: by refusing, as where nothing listens, or by silence, as where
// a network swallows packets: connections stay, nothing passes, and what was on its way arrives when the way is open again.

import { once } from 'node:events'
import { connect, createServer, type Server, type Socket } from 'node:net'

export type Way = 'open' | 'refused' | 'silent'

/** What passes through one connection; a proxy that understands its protocol makes its own. */
export interface Passage {
  fromClient(octets: Buffer): void
  fromServer(octets: Buffer): void
  /** Whether the server's side goes on where the client has left. */
  readonly isHeld: boolean
}

export interface Pair {
  readonly client: Socket
  readonly server: Socket
}

export type NewPassage = (pair: Pair) => Passage

const straight: NewPassage = ({ client, server }) => ({
  fromClient: (octets) => void server.write(octets),
  fromServer: (octets) => void client.write(octets),
  isHeld: false,
})

export class TcpProxy {
  readonly #target: number
  readonly #newPassage: NewPassage
  readonly #pairs = new Set<Pair>()
  readonly #waiting = new Set<Socket>()
  #server: Server | undefined
  #way: Way = 'open'
  #port = 0

  private constructor(target: number, newPassage: NewPassage) {
    this.#target = target
    this.#newPassage = newPassage
  }

  /** On a free port of loopback, in front of the port `target`. */
  static async start(target: number, newPassage: NewPassage = straight): Promise<TcpProxy> {
    const proxy = new TcpProxy(target, newPassage)
    await proxy.#listen()
    return proxy
  }

  get port(): number {
    return this.#port
  }

  async set(way: Way): Promise<void> {
    if (way === this.#way) return
    const before = this.#way
    this.#way = way
    if (way === 'refused') await this.#refuse()
    else if (before === 'refused') await this.#listen()
    for (const { client, server } of this.#pairs)
      for (const socket of [client, server]) way === 'silent' ? socket.pause() : socket.resume()
    if (way !== 'open') return
    for (const client of this.#waiting) this.#join(client)
    this.#waiting.clear()
  }

  async close(): Promise<void> {
    await this.#refuse()
  }

  async #listen(): Promise<void> {
    const server = createServer((client) => this.#accept(client))
    server.listen(this.#port, '127.0.0.1')
    await once(server, 'listening')
    const address = server.address()
    if (typeof address === 'object' && address !== null) this.#port = address.port
    this.#server = server
  }

  async #refuse(): Promise<void> {
    const server = this.#server
    this.#server = undefined
    for (const { client, server: upstream } of this.#pairs) {
      client.destroy()
      upstream.destroy()
    }
    for (const client of this.#waiting) client.destroy()
    this.#waiting.clear()
    if (server === undefined) return
    server.close()
    await once(server, 'close')
  }

  #accept(client: Socket): void {
    client.setNoDelay(true)
    client.on('error', () => {})
    if (this.#way === 'open') {
      this.#join(client)
      return
    }
    client.pause()
    this.#waiting.add(client)
    client.on('close', () => this.#waiting.delete(client))
  }

  #join(client: Socket): void {
    if (client.destroyed) return
    const server = connect({ port: this.#target, host: '127.0.0.1', noDelay: true })
    const pair = { client, server }
    const passage = this.#newPassage(pair)
    this.#pairs.add(pair)
    client.on('data', (octets: Buffer) => passage.fromClient(octets))
    server.on('data', (octets: Buffer) => passage.fromServer(octets))
    client.on('close', () => {
      if (!passage.isHeld) server.destroy()
    })
    // Both an end and a failure to connect: the client sees its connection reset.
    server.on('error', () => {})
    server.on('close', () => {
      client.destroy()
      this.#pairs.delete(pair)
    })
    client.resume()
  }
}
