// Failures counted in this process: the bus of a single process, and what a shared bus falls back to while it is away
// or refuses.

import type { Clock } from '../kit/clock.js'
import { forgetOldest } from '../kit/forget-oldest.js'

interface Failures {
  count: number
  /** When they are forgotten, milliseconds since 1970. */
  until: number
}

/** Keys with failures, at the most: what strangers can make grow. The oldest are forgotten first. */
const MAX_KEYS = 100_000

export class Throttle {
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
    forgetOldest(this.#failures, MAX_KEYS)
    return failures.count < limit
  }

  mayTry(key: string, limit: number): boolean {
    return (this.#standing(key)?.count ?? 0) < limit
  }

  note(key: string, seconds: number): void {
    this.forget(key)
    this.count(key, 1, seconds)
  }

  forget(key: string): void {
    this.#failures.delete(key)
  }

  #standing(key: string): Failures | undefined {
    const failures = this.#failures.get(key)
    if (failures === undefined || failures.until > this.#clock()) return failures
    this.#failures.delete(key)
    return undefined
  }
}
