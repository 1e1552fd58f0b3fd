// The bus of a single process: hints reach its own listeners, throttles and connection counts live in maps.
// docs/architecture.md, "Bus".

import { type Clock, systemClock } from '../../kit/clock.js'
import type { AccountId } from '../../model/ids.js'
import type { Bus, Hint, HintListener } from '../bus.js'

interface Failures {
  count: number
  /** When they are forgotten, milliseconds since 1970. */
  until: number
}

/** Keys with failures, at the most: what strangers can make grow. The oldest are forgotten first. */
const MAX_KEYS = 100_000

class Throttle {
  readonly #clock: Clock
  readonly #failures = new Map<string, Failures>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  count(key: string, limit: number, windowSeconds: number): boolean {
    const failures = this.#standing(key) ?? { count: 0, until: this.#clock() + windowSeconds * 1000 }
    failures.count++
    this.#failures.delete(key)
    this.#failures.set(key, failures)
    if (this.#failures.size > MAX_KEYS) this.#forgetOldest()
    return failures.count < limit
  }

  mayTry(key: string, limit: number): boolean {
    return (this.#standing(key)?.count ?? 0) < limit
  }

  clear(key: string): void {
    this.#failures.delete(key)
  }

  #standing(key: string): Failures | undefined {
    const failures = this.#failures.get(key)
    if (failures === undefined || failures.until > this.#clock()) return failures
    this.#failures.delete(key)
    return undefined
  }

  #forgetOldest(): void {
    for (const key of this.#failures.keys()) {
      this.#failures.delete(key)
      return
    }
  }
}

class Connections {
  readonly #taken = new Map<string, number>()

  take(key: string, limit: number): (() => void) | undefined {
    const taken = this.#taken.get(key) ?? 0
    if (taken >= limit) return undefined
    this.#taken.set(key, taken + 1)
    let given = false
    return () => {
      if (given) return
      given = true
      this.#give(key)
    }
  }

  #give(key: string): void {
    const left = (this.#taken.get(key) ?? 1) - 1
    if (left === 0) this.#taken.delete(key)
    else this.#taken.set(key, left)
  }
}

export function localBus(clock: Clock = systemClock): Bus {
  const listeners = new Map<AccountId, Set<HintListener>>()
  const throttle = new Throttle(clock)
  const connections = new Connections()

  const tell = (hint: Hint): void => {
    const set = listeners.get(hint.account)
    if (set === undefined) return
    for (const listener of [...set])
      queueMicrotask(() => {
        // It may have left since.
        if (set.has(listener)) listener(hint)
      })
  }

  return {
    publish: tell,
    subscribe(account, listener) {
      // A wrapper of its own, so that the same function may listen twice and each can leave alone.
      const own: HintListener = (hint) => listener(hint)
      const set = listeners.get(account) ?? new Set()
      listeners.set(account, set.add(own))
      return () => {
        set.delete(own)
        if (set.size === 0 && listeners.get(account) === set) listeners.delete(account)
      }
    },
    // Nothing is ever lost in one process.
    onReconnected: () => () => {},
    ping: async () => true,
    countFailure: async (key, limit, windowSeconds) => throttle.count(key, limit, windowSeconds),
    mayTry: async (key, limit) => throttle.mayTry(key, limit),
    clearFailures: async (key) => throttle.clear(key),
    takeConnection: async (key, limit) => connections.take(key, limit),
    close: async () => listeners.clear(),
  }
}
