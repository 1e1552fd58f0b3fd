// Passwords: their hashes (argon2id, RFC 9106) off the main thread, as many at a time as there are cores, and the memory of those
// verified lately. docs/adr/0003-addresses-and-usernames.md.

import { availableParallelism } from 'node:os'
import { hash, verify } from '@node-rs/argon2'
import { StoreError } from '../store/errors.js'
import { MailError } from './errors.js'
import { VerifiedLogins } from './verified-logins.js'

/** Octets in UTF-8; longer ones are refused before anything is computed from them. */
export const MAX_PASSWORD_OCTETS = 1024

/** OWASP's first choice for argon2id: 19 MiB, two passes, one lane. About 11 ms. */
const COST = { memoryCost: 19_456, timeCost: 2, parallelism: 1 } as const

/** Hashes that may wait for a core: two cores work through them in some 10 s. */
const MAX_WAITING = 2_000

export interface Passwords {
  /** PHC string of the password's hash. Throws MailError `invalid-password`. */
  hash(password: string): Promise<string>
  /**
   * False for a password that could not have been set. `proceed` is asked when the turn has come, just before the work:
   * where it says no, the answer is `refused`. Throws StoreError `unavailable` where too many wait.
   */
  verify(hash: string, password: string, proceed?: () => Promise<boolean>): Promise<boolean | 'refused'>
  /** Takes as long as `verify`, for an account that is not there. */
  pretend(password: string, proceed?: () => Promise<boolean>): Promise<boolean | 'refused'>
  readonly verified: VerifiedLogins
}

/**
 * As it is hashed: NFC (RFC 8265 §4.2.2); undefined where it can be no password. U+FFFD is what octets that are not UTF-8 become,
 * whatever they were: it would open to all that have as many.
 */
export function preparePassword(password: string): string | undefined {
  if (password === '' || password.length > MAX_PASSWORD_OCTETS) return undefined
  const prepared = password.normalize('NFC')
  const impossible =
    /[\p{Cc}\p{Cs}\ufffd]/u.test(prepared) || Buffer.byteLength(prepared) > MAX_PASSWORD_OCTETS
  return impossible ? undefined : prepared
}

/** At most `limit` at a time, the others in their order. */
class Turns {
  #running = 0
  readonly #limit: number
  readonly #waiting: (() => void)[] = []

  constructor(limit: number) {
    this.#limit = limit
  }

  async run<T>(work: () => Promise<T>): Promise<T> {
    if (this.#running < this.#limit) this.#running += 1
    else await this.#turn()
    try {
      return await work()
    } finally {
      const next = this.#waiting.shift()
      if (next === undefined) this.#running -= 1
      else next()
    }
  }

  #turn(): Promise<void> {
    if (this.#waiting.length >= MAX_WAITING)
      throw new StoreError('unavailable', `${MAX_WAITING} password checks are waiting already`)
    return new Promise((resolve) => this.#waiting.push(resolve))
  }
}

export function createPasswords(): Passwords {
  const turns = new Turns(availableParallelism())
  // Made at the first need: what an unknown user's password is compared with.
  let decoy: Promise<string> | undefined
  const passwords: Passwords = {
    verified: new VerifiedLogins(),
    hash(password) {
      const prepared = preparePassword(password)
      if (prepared !== undefined) return turns.run(() => hash(prepared, COST))
      const rule = `1 to ${MAX_PASSWORD_OCTETS} octets of UTF-8 without control characters`
      return Promise.reject(new MailError('invalid-password', `a password has ${rule}`))
    },
    async verify(stored, password, proceed) {
      const prepared = preparePassword(password)
      if (prepared === undefined) return false
      return turns.run(async () => {
        if (proceed !== undefined && !(await proceed())) return 'refused'
        return verify(stored, prepared)
      })
    },
    async pretend(password, proceed) {
      decoy ??= hash('decoy', COST)
      const answer = await passwords.verify(await decoy, password, proceed)
      return answer === 'refused' ? answer : false
    },
  }
  return passwords
}
