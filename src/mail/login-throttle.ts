// How often somebody may guess. Failures are counted per client address, per address and account, and per account, behind
// the bus, so that all instances count together; losing the counts loosens the throttle and nothing else. docs/adr/0007.

import { createHash } from 'node:crypto'
import { networkOf } from '../kit/network.js'
import type { AccountId } from '../model/ids.js'
import type { Services } from './services.js'

export interface LoginThrottle {
  mayTry(): Promise<boolean>
  countFailure(): Promise<void>
  /** The password was right: from this address the account is not held up by what others do. */
  noteSuccess(): Promise<void>
}

/** So long an address from which somebody has logged in is known to the account. */
const KNOWN_SECONDS = 30 * 86_400
/** Past its limit an account takes one guess from strange addresses in so many seconds. */
const SLOW_SECONDS = 5

/** Whose the name is, and the version of his password: with a new one all counts of the account begin again. */
export interface Guessed {
  readonly account: AccountId
  readonly version: number
}

/** `guessed` where the name is somebody's; a name that is nobody's is counted alike, so that it does not show. */
export function loginThrottle(
  services: Services,
  remote: string,
  username: string,
  guessed: Guessed | undefined,
): LoginThrottle {
  const { bus, limits } = services
  const network = networkOf(remote)
  const who = guessed === undefined ? digestOf(username) : `${guessed.account}.${guessed.version}`
  const ofAddress = `login-address:${network}`
  const ofPair = `login-pair:${network}:${who}`
  const ofAccount = `login-account:${who}`
  const known = guessed && `login-known:${network}:${guessed.account}`
  const windowSeconds = Math.max(1, Math.round(limits.failureWindowMs / 1000))
  let isKnown: boolean | undefined
  let turn: Promise<boolean> | undefined

  const isKnownHere = async (): Promise<boolean> => {
    isKnown ??= known !== undefined && !(await bus.mayTry(known, 1))
    return isKnown
  }
  // Whoever counts first within these seconds has the turn, and keeps it while he waits for his hash.
  const takeTurn = (whose: string): Promise<boolean> => {
    turn ??= bus.countFailure(`login-turn:${whose}`, 2, SLOW_SECONDS)
    return turn
  }

  return {
    async mayTry() {
      // Asked together: a bus that is elsewhere is a way there and back away.
      const [mayAddress, isKnown, mayFromHome] = await Promise.all([
        bus.mayTry(ofAddress, limits.failuresPerAddress),
        isKnownHere(),
        bus.mayTry(ofPair, limits.failuresPerAccount),
      ])
      if (!mayAddress) return false
      if (isKnown) return mayFromHome || takeTurn(`${network}:${who}`)
      if (!(await bus.mayTry(ofPair, limits.failuresPerPair))) return false
      return (await bus.mayTry(ofAccount, limits.failuresPerAccount)) || takeTurn(who)
    },
    async countFailure() {
      await bus.countFailure(ofAddress, limits.failuresPerAddress, windowSeconds)
      await bus.countFailure(ofPair, limits.failuresPerPair, windowSeconds)
      if (await isKnownHere()) return
      await bus.countFailure(ofAccount, limits.failuresPerAccount, windowSeconds)
    },
    async noteSuccess() {
      if (known === undefined) return
      const noted = bus.note(known, KNOWN_SECONDS)
      // Who is known already need not wait for it.
      if (!(await isKnownHere())) await noted
    },
  }
}

/** Of a bounded length, and nothing that was typed: people type passwords there. */
const digestOf = (username: string): string =>
  createHash('sha256').update(username).digest('base64url').slice(0, 22)
