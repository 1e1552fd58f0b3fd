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

/** `account` where the name is somebody's; a name that is nobody's is counted alike, so that it does not show. */
export function loginThrottle(
  services: Services,
  remote: string,
  username: string,
  account: AccountId | undefined,
): LoginThrottle {
  const { bus, limits } = services
  const network = networkOf(remote)
  const who = account ?? digestOf(username)
  const ofAddress = `login-address:${network}`
  const ofPair = `login-pair:${network}:${who}`
  const known = `login-known:${network}:${who}`
  const windowSeconds = Math.max(1, Math.round(limits.failureWindowMs / 1000))
  let isKnown: boolean | undefined
  let turn: Promise<boolean> | undefined

  const isKnownHere = async (): Promise<boolean> => {
    isKnown ??= account !== undefined && !(await bus.mayTry(known, 1))
    return isKnown
  }

  return {
    async mayTry() {
      // Asked together: a bus that is elsewhere is a way there and back away.
      const [mayAddress, isKnown] = await Promise.all([
        bus.mayTry(ofAddress, limits.failuresPerAddress),
        isKnownHere(),
      ])
      if (!mayAddress || isKnown) return mayAddress
      if (!(await bus.mayTry(ofPair, limits.failuresPerPair))) return false
      if (await bus.mayTry(accountKey(who), limits.failuresPerAccount)) return true
      // Whoever counts first within these seconds has the turn, and keeps it while he waits for his hash.
      turn ??= bus.countFailure(turnKey(who), 2, SLOW_SECONDS)
      return turn
    },
    async countFailure() {
      await bus.countFailure(ofAddress, limits.failuresPerAddress, windowSeconds)
      if (await isKnownHere()) return
      await bus.countFailure(ofPair, limits.failuresPerPair, windowSeconds)
      await bus.countFailure(accountKey(who), limits.failuresPerAccount, windowSeconds)
    },
    async noteSuccess() {
      if (!(await isKnownHere())) await bus.countFailure(known, 1, KNOWN_SECONDS)
    },
  }
}

/** A new password starts the account's count again. A login that succeeds does not: guesses could hide between them. */
export const forgetFailures = (services: Services, account: AccountId): Promise<void> =>
  services.bus.clearFailures(accountKey(account))

const accountKey = (who: AccountId | string): string => `login-account:${who}`
const turnKey = (who: AccountId | string): string => `login-turn:${who}`

/** Of a bounded length, and nothing that was typed: people type passwords there. */
const digestOf = (username: string): string =>
  createHash('sha256').update(username).digest('base64url').slice(0, 22)
