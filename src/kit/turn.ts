// Long work in the main thread gives others their turn every few milliseconds, so that a NOOP elsewhere is not kept waiting.

import { setImmediate } from 'node:timers/promises'

const TURN_MS = 4

export class Turn {
  readonly #signal: AbortSignal | undefined
  #until = performance.now() + TURN_MS

  /** An aborted signal ends the work at its next turn. */
  constructor(signal?: AbortSignal) {
    this.#signal = signal
  }

  get over(): boolean {
    return performance.now() >= this.#until
  }

  /** Lets everything else that is ready run first. Throws the signal's reason once it is aborted. */
  async pass(): Promise<void> {
    await setImmediate()
    this.#signal?.throwIfAborted()
    this.#until = performance.now() + TURN_MS
  }
}
