// Long work in the main thread gives others their turn every few milliseconds, so that a NOOP elsewhere is not kept waiting.

import { setImmediate } from 'node:timers/promises'

const TURN_MS = 4

export class Turn {
  #until = performance.now() + TURN_MS

  get over(): boolean {
    return performance.now() >= this.#until
  }

  /** Lets everything else that is ready run first. */
  async pass(): Promise<void> {
    await setImmediate()
    this.#until = performance.now() + TURN_MS
  }
}
