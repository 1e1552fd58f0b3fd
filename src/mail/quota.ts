// What an account may hold, and whether there is room. The transaction that stores something looks again.

import type { Account } from '../store/accounts.js'
import type { Services } from './services.js'

/** Octets that the account may hold. */
export const effectiveQuota = (services: Services, account: Account): number =>
  account.quota === 0 ? services.limits.quotaDefault : account.quota

/** As of when the account was read. */
export const hasRoom = (services: Services, account: Account, octets: number): boolean =>
  account.storageUsed + octets <= effectiveQuota(services, account)
