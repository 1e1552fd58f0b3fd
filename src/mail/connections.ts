// How many connections one account may have logged in, on all instances together.

import type { AccountId } from '../model/ids.js'
import { MailError } from './errors.js'
import type { Services } from './services.js'

/** Returns the function that gives it back. Throws MailError `too-many-connections`. */
export async function takeConnection(services: Services, account: AccountId): Promise<() => void> {
  const { connectionsPerAccount: most } = services.limits
  const release = await services.bus.takeConnection(`account:${account}`, most)
  if (release !== undefined) return release
  throw new MailError('too-many-connections', `${most} connections of this account are open already`)
}
