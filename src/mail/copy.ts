// COPY (RFC 3501 §6.4.7: all or nothing) and MOVE (RFC 6851: in slices).

import type { AccountId, MailboxId } from '../model/ids.js'
import { StoreError } from '../store/errors.js'
import type { Copied } from '../store/messages.js'
import { publish } from './hints.js'
import type { Services } from './services.js'

/** Throws StoreError `limit` above `limits.copyMessages`, `no-such-mailbox`, `quota-exceeded`. */
export async function copyMessages(
  services: Services,
  account: AccountId,
  from: MailboxId,
  uids: Uint32Array,
  to: MailboxId,
): Promise<Copied> {
  const { copyMessages: most, quotaDefault } = services.limits
  if (uids.length > most)
    throw new StoreError('limit', `COPY of ${uids.length} messages, at most ${most} at once`)
  const copied = await services.store.copy(account, from, uids, to, quotaDefault)
  if (copied.to.length > 0) publish(services, account, copied.modseq, to)
  return copied
}

/** Each slice is told as soon as it is durable; what was yielded stays moved whatever comes after. */
export async function* moveMessages(
  services: Services,
  account: AccountId,
  from: MailboxId,
  uids: Uint32Array,
  to: MailboxId,
): AsyncGenerator<Copied, void, undefined> {
  for await (const slice of services.store.move(account, from, uids, to)) {
    if (slice.to.length > 0) publish(services, account, slice.modseq, from, to)
    yield slice
  }
}
