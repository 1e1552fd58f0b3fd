// How often somebody may guess: failures are counted per client address and per account, behind the bus, so that all
// instances count together. Losing the counts loosens the throttle and nothing else.

import { networkOf } from '../kit/network.js'
import type { AccountId } from '../model/ids.js'
import type { Services } from './services.js'

export interface LoginThrottle {
  mayTry(): Promise<boolean>
  countFailure(): Promise<void>
}

export function loginThrottle(
  services: Services,
  remote: string,
  account: AccountId | undefined,
): LoginThrottle {
  const { bus, limits } = services
  const counted: [key: string, limit: number][] = [
    [`login-address:${networkOf(remote)}`, limits.failuresPerAddress],
  ]
  if (account !== undefined) counted.push([accountKey(account), limits.failuresPerAccount])
  const windowSeconds = Math.max(1, Math.round(limits.failureWindowMs / 1000))
  return {
    async mayTry() {
      for (const [key, limit] of counted) if (!(await bus.mayTry(key, limit))) return false
      return true
    },
    async countFailure() {
      for (const [key, limit] of counted) await bus.countFailure(key, limit, windowSeconds)
    },
  }
}

/** A new password starts the account's count again. A login that succeeds does not: guesses could hide between them. */
export const forgetFailures = (services: Services, account: AccountId): Promise<void> =>
  services.bus.clearFailures(accountKey(account))

const accountKey = (account: AccountId): string => `login-account:${account}`
