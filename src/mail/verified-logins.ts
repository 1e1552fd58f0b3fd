// Logins that were verified lately, so that a client which connects again and again does not cost a hash each time. Kept
// per process, as a keyed digest, and only good for the version of the credential that it was verified against.

import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import { forgetOldest } from '../kit/forget-oldest.js'
import type { AccountId } from '../model/ids.js'

interface Remembered {
  readonly version: number
  readonly digest: Buffer
}

export class VerifiedLogins {
  // The key never leaves the process: the digests are worth nothing outside of it.
  readonly #key = randomBytes(32)
  /** In the order of their last use. */
  readonly #remembered = new Map<AccountId, Remembered>()
  readonly #most: number

  constructor(most = 20_000) {
    this.#most = most
  }

  remember(account: AccountId, version: number, password: string): void {
    this.#remembered.delete(account)
    this.#remembered.set(account, { version, digest: this.#digest(account, password) })
    forgetOldest(this.#remembered, this.#most)
  }

  /** True only for the very password that was verified against this version. */
  has(account: AccountId, version: number, password: string): boolean {
    const known = this.#remembered.get(account)
    if (known === undefined || known.version !== version) return false
    if (!timingSafeEqual(known.digest, this.#digest(account, password))) return false
    this.#remembered.delete(account)
    this.#remembered.set(account, known)
    return true
  }

  #digest(account: AccountId, password: string): Buffer {
    return createHmac('sha256', this.#key)
      .update(`${account}:${password.normalize('NFC')}`)
      .digest()
  }
}
