// What an account may hold, and whether there is room. The transaction that stores something looks again.

import { sideBySide } from '../kit/side-by-side.js'
import type { AccountId } from '../model/ids.js'
import type { Account } from '../store/accounts.js'
import type { Services } from './services.js'

/** Accounts read at once. */
const READS = 8

/** Octets that the account may hold. */
export const effectiveQuota = (services: Services, account: Account): number =>
  account.quota === 0 ? services.limits.quotaDefault : account.quota

/** Octets that it has room for, as of when the account was read. */
export const roomOf = (services: Services, account: Account): number =>
  effectiveQuota(services, account) - account.storageUsed

/** As of when the account was read. */
export const hasRoom = (services: Services, account: Account, octets: number): boolean =>
  octets <= roomOf(services, account)

/** What each of them has room for now; those that are gone are left out. Throws StoreError. */
export async function roomsNow(
  services: Services,
  accounts: Iterable<AccountId>,
): Promise<Map<AccountId, number>> {
  const rooms = new Map<AccountId, number>()
  await sideBySide(new Set(accounts), READS, async (id) => {
    const account = await services.store.account(id)
    if (account !== undefined) rooms.set(id, roomOf(services, account))
  })
  return rooms
}
