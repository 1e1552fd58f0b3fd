// EXPUNGE and UID EXPUNGE (RFC 3501 §6.4.3, RFC 4315 §2.1), in slices.

import type { AccountId, MailboxId } from '../model/ids.js'
import type { Expunged } from '../store/messages.js'
import { publish } from './hints.js'
import type { Services } from './services.js'

/** Removes those of `uids` (of all, where undefined) that bear \Deleted at that moment. */
export async function* expungeMessages(
  services: Services,
  account: AccountId,
  mailbox: MailboxId,
  uids?: Uint32Array,
): AsyncGenerator<Expunged, void, undefined> {
  for await (const slice of services.store.expunge(account, mailbox, uids)) {
    if (slice.uids.length > 0) publish(services, account, slice.modseq, mailbox)
    yield slice
  }
}
