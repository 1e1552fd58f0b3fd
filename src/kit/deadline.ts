// A deadline that is moved often and seldom reached: moving it costs a clock reading, not a timer.

export class Deadline {
  readonly #onExpired: () => void
  #timer: NodeJS.Timeout | undefined
  #due = Number.POSITIVE_INFINITY
  #fires = Number.POSITIVE_INFINITY

  constructor(onExpired: () => void) {
    this.#onExpired = onExpired
  }

  /** Calls back once, `ms` from now, unless it is moved or cleared before. */
  set(ms: number): void {
    this.#due = performance.now() + ms
    // A timer that fires too early looks again; only one that would fire too late is replaced.
    if (this.#timer === undefined || this.#fires > this.#due) this.#arm(ms)
  }

  /** Nothing is due; the timer, where one runs, will find that out. */
  clear(): void {
    this.#due = Number.POSITIVE_INFINITY
  }

  /** Ends it: lets the timer go. */
  close(): void {
    this.clear()
    clearTimeout(this.#timer)
    this.#timer = undefined
  }

  #arm(ms: number): void {
    clearTimeout(this.#timer)
    this.#fires = performance.now() + ms
    this.#timer = setTimeout(() => this.#look(), ms).unref()
  }

  #look(): void {
    this.#timer = undefined
    const left = this.#due - performance.now()
    if (left === Number.POSITIVE_INFINITY) return
    if (left > 0) this.#arm(left)
    else {
      this.clear()
      this.#onExpired()
    }
  }
}
