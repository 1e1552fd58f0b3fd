// Who listens in this process, by account. A hint is told in a turn of its own, never within publish.

import type { AccountId } from '../model/ids.js'
import type { Hint, HintListener } from './bus.js'

export class Listeners {
  readonly #byAccount = new Map<AccountId, Set<HintListener>>()
  readonly #onChange: (account: AccountId) => void

  /** `onChange` is told when an account gets its first listener, and when it has lost its last. */
  constructor(onChange: (account: AccountId) => void = () => {}) {
    this.#onChange = onChange
  }

  add(account: AccountId, listener: HintListener): () => void {
    // A wrapper of its own, so that the same function may listen twice and each can leave alone.
    const own: HintListener = (hint) => listener(hint)
    const before = this.#byAccount.get(account)
    const set = before ?? new Set()
    set.add(own)
    if (before === undefined) {
      this.#byAccount.set(account, set)
      this.#onChange(account)
    }
    return () => {
      set.delete(own)
      if (set.size > 0 || this.#byAccount.get(account) !== set) return
      this.#byAccount.delete(account)
      this.#onChange(account)
    }
  }

  has(account: AccountId): boolean {
    return this.#byAccount.has(account)
  }

  accounts(): Iterable<AccountId> {
    return this.#byAccount.keys()
  }

  tell(hint: Hint): void {
    const set = this.#byAccount.get(hint.account)
    if (set === undefined) return
    for (const listener of [...set])
      queueMicrotask(() => {
        // It may have left since.
        if (set.has(listener)) listener(hint)
      })
  }

  clear(): void {
    this.#byAccount.clear()
  }
}
