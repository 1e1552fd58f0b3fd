// APPEND (RFC 3501 §6.3.11): messages into a mailbox, all or none.

import type { AccountId, MailboxId } from '../model/ids.js'
import type { MailboxPath } from '../model/mailbox-path.js'
import type { AppendTarget } from '../store/mailboxes.js'
import type { Appended, InternalDate } from '../store/messages.js'
import { publish } from './hints.js'
import { type Ingested, keepBlobsAlive } from './intake.js'
import type { Services } from './services.js'

export interface MessageToAppend {
  readonly ingested: Ingested
  readonly flags: readonly string[]
  readonly internalDate: InternalDate
}

const NO_TRACE = new Uint8Array(0)

/** Where a message for this mailbox would go, as of now: changes of the quota apply at once. */
export const findAppendTarget = (
  services: Services,
  account: AccountId,
  path: MailboxPath,
): Promise<AppendTarget | undefined> => services.store.appendTarget(account, path)

/** Throws StoreError `no-such-mailbox`, `quota-exceeded`, `limit`, `disk-full`, `unavailable`: then nothing was appended. */
export async function appendMessages(
  services: Services,
  account: AccountId,
  mailbox: MailboxId,
  messages: readonly MessageToAppend[],
): Promise<Appended[]> {
  for (const { ingested } of messages) await keepBlobsAlive(services, ingested)
  const appended = await services.store.append(
    account,
    mailbox,
    messages.map(({ ingested, flags, internalDate }) => ({
      parsed: ingested.parsed,
      trace: NO_TRACE,
      flags,
      internalDate,
    })),
    services.limits.quotaDefault,
  )
  const last = appended.at(-1)
  if (last !== undefined) publish(services, account, last.modseq, mailbox)
  return appended
}
