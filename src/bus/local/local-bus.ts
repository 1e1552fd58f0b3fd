// The bus of a single process: hints reach its own listeners, throttles and connection counts live in maps.
// docs/architecture.md, "Bus".

import { type Clock, systemClock } from '../../kit/clock.js'
import type { Bus } from '../bus.js'
import { ConnectionCounts, once } from '../connection-counts.js'
import { Listeners } from '../listeners.js'
import { Throttle } from '../throttle.js'

export function localBus(clock: Clock = systemClock): Bus {
  const listeners = new Listeners()
  const throttle = new Throttle(clock)
  const connections = new ConnectionCounts()
  return {
    publish: (hint) => listeners.tell(hint),
    subscribe: (account, listener) => listeners.add(account, listener),
    // Nothing is ever lost in one process.
    onReconnected: () => () => {},
    ping: async () => true,
    countFailure: async (key, limit, windowSeconds) => throttle.count(key, limit, windowSeconds),
    mayTry: async (key, limit) => throttle.mayTry(key, limit),
    note: async (key, seconds) => throttle.note(key, seconds),
    async takeConnection(key, limit) {
      if (connections.of(key) >= limit) return undefined
      connections.add(key)
      return once(() => connections.drop(key))
    },
    close: async () => listeners.clear(),
  }
}
