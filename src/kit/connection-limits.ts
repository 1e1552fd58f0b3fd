// How many connections a listener takes: in all, and from one address.

import type { Socket } from 'node:net'
import { isLoopback, networkOf } from './network.js'

export interface MaxConnections {
  readonly maxConnections: number
  /** From one IPv4 address or one IPv6 /64; loopback is exempt, for what stands in front of us speaks for many. */
  readonly maxPerAddress: number
}

export class ConnectionLimits {
  readonly #max: MaxConnections
  readonly #perNetwork = new Map<string, number>()
  #size = 0

  constructor(max: MaxConnections) {
    this.#max = max
  }

  /** How many connections are open now. */
  get size(): number {
    return this.#size
  }

  /** Counts the connection until it closes; false where a limit is reached: it is to be refused then. */
  admit(socket: Socket, remoteAddress: string): boolean {
    const network = networkOf(remoteAddress)
    const fromThere = this.#perNetwork.get(network) ?? 0
    if (this.#size >= this.#max.maxConnections) return false
    if (!isLoopback(remoteAddress) && fromThere >= this.#max.maxPerAddress) return false
    this.#size += 1
    this.#perNetwork.set(network, fromThere + 1)
    socket.once('close', () => this.#leave(network))
    return true
  }

  #leave(network: string): void {
    this.#size -= 1
    const left = (this.#perNetwork.get(network) ?? 1) - 1
    if (left > 0) this.#perNetwork.set(network, left)
    else this.#perNetwork.delete(network)
  }
}
