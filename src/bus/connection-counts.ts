// How many connections of each key this process holds.

export class ConnectionCounts {
  readonly #taken = new Map<string, number>()

  of(key: string): number {
    return this.#taken.get(key) ?? 0
  }

  /** One more; returns how many there are then. */
  add(key: string): number {
    const count = this.of(key) + 1
    this.#taken.set(key, count)
    return count
  }

  drop(key: string): void {
    const left = this.of(key) - 1
    if (left > 0) this.#taken.set(key, left)
    else this.#taken.delete(key)
  }

  keys(): string[] {
    return [...this.#taken.keys()]
  }

  clear(): void {
    this.#taken.clear()
  }
}

/** A function that does it when it is called first, and nothing after. */
export function once(action: () => void): () => void {
  let done = false
  return () => {
    if (done) return
    done = true
    action()
  }
}
