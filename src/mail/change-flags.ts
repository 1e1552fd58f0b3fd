// STORE (RFC 3501 §6.4.6): flags by deltas, in slices; each slice is told as soon as it is durable, whether or not the caller
// still listens.

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
  const slices = services.store.changeFlags(account, mailbox, uids, change, unchangedSince)
  const iterator = slices[Symbol.asyncIterator]()
  const ask = async () => {
    const answer = await iterator.next()
    if (answer.done !== true && answer.value.changed > 0)
      publish(services, account, answer.value.modseq, mailbox)
    return answer
  }
  for (let answer = await ask(); answer.done !== true; ) {
    // The store is busy with the next slice while the caller tells of this one.
    const next = ask()
    // Awaited in its turn; a caller that has stopped by then leaves it unheard.
    next.catch(() => {})
    yield answer.value
    answer = await next
  }
}
