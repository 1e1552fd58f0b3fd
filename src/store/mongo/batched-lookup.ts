// Lookups that go together: one command for many keys costs MongoDB a fraction of a command for each.

/** Keys of one command. */
const KEYS = 64
/** Milliseconds after which the next command does not wait for one any more: MongoDB may be away, and nobody waits for that twice. */
const LATE_MS = 100

interface Asking<Found> {
  readonly resolve: (found: Found | undefined) => void
  readonly reject: (error: unknown) => void
}

/**
 * What is asked for while a command is under way goes with the next one: never with that one, whose moment may lie before
 * the question. Who asks alone does not wait.
 */
export class BatchedLookup<Found extends { readonly _id: string }> {
  readonly #read: (keys: string[]) => Promise<readonly Found[]>
  #asking = new Map<string, Asking<Found>[]>()
  #underWay = false

  constructor(read: (keys: string[]) => Promise<readonly Found[]>) {
    this.#read = read
  }

  /** Undefined where it is not there. Throws what the command throws. */
  find(key: string): Promise<Found | undefined> {
    return new Promise((resolve, reject) => {
      const asking = this.#asking.get(key) ?? []
      asking.push({ resolve, reject })
      this.#asking.set(key, asking)
      // All that is asked for in one turn goes together.
      if (!this.#underWay) queueMicrotask(() => void this.#run())
    })
  }

  async #run(): Promise<void> {
    if (this.#underWay) return
    this.#underWay = true
    while (this.#asking.size > 0) await endedOrLate(this.#next())
    this.#underWay = false
  }

  /** Never throws. */
  async #next(): Promise<void> {
    const taken = [...this.#asking].slice(0, KEYS)
    for (const [key] of taken) this.#asking.delete(key)
    try {
      const found = new Map<string, Found>()
      for (const one of await this.#read(taken.map(([key]) => key))) found.set(one._id, one)
      for (const [key, asking] of taken) for (const { resolve } of asking) resolve(found.get(key))
    } catch (error) {
      for (const [, asking] of taken) for (const { reject } of asking) reject(error)
    }
  }
}

function endedOrLate(command: Promise<void>): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, LATE_MS)
    void command.then(() => {
      clearTimeout(timer)
      resolve()
    })
  })
}
