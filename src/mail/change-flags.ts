// STORE (RFC 3501 §6.4.6): flags by deltas, in slices; each slice is told as soon as it is durable.

import type { FlagChange } from '../model/flags.js'
import type { AccountId, MailboxId, ModSeq } from '../model/ids.js'
import type { FlagsChanged } from '../store/messages.js'
import { publish } from './hints.js'
import type { Services } from './services.js'

export async function* changeFlags(
  services: Services,
  account: AccountId,
  mailbox: MailboxId,
  uids: Uint32Array,
  change: FlagChange,
  unchangedSince?: ModSeq,
): AsyncGenerator<FlagsChanged, void, undefined> {
  for await (const slice of services.store.changeFlags(account, mailbox, uids, change, unchangedSince)) {
    if (slice.changed > 0) publish(services, account, slice.modseq, mailbox)
    yield slice
  }
}
