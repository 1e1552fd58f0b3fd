// What was read a moment ago, for whoever says that it will do (`remembered` of src/store/accounts.ts): a read after a commit
// costs SQLite the pages that it had, and a delivery asks for what the delivery before it asked for.

/** Milliseconds. What changes all the time, such as how full an account is, is at most this old. */
const LIFE = 1_000
const ENTRIES = 4_096

export class LastRead<Value> {
  readonly #known = new Map<string, { readonly until: number; readonly value: Value }>()

  /** What `read` gave at most a second ago; what is not there is looked for each time. */
  get(key: string, read: () => Value | undefined): Value | undefined {
    const now = performance.now()
    const known = this.#known.get(key)
    if (known !== undefined && known.until > now) return known.value
    const value = read()
    this.#known.delete(key)
    if (value === undefined) return undefined
    this.#known.set(key, { until: now + LIFE, value })
    for (const oldest of this.#known.keys()) {
      if (this.#known.size <= ENTRIES) break
      this.#known.delete(oldest)
    }
    return value
  }

  clear(): void {
    this.#known.clear()
  }
}
