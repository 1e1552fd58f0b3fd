// APPEND (RFC 3501 §6.3.11): messages into a mailbox, all or none.

import type { AccountId, MailboxId } from '../model/ids.js'
import type { MailboxPath } from '../model/mailbox-path.js'
import { isStoreError } from '../store/errors.js'
import type { AppendTarget } from '../store/mailboxes.js'
import type { Appended, InternalDate } from '../store/messages.js'
import { publish } from './hints.js'
import { type Ingested, keepBlobsAlive } from './intake.js'
import { hasRoom } from './quota.js'
import type { Services } from './services.js'

export interface MessageToAppend {
  readonly ingested: Ingested
  readonly flags: readonly string[]
  readonly internalDate: InternalDate
}

const NO_TRACE = new Uint8Array(0)

/**
 * Where a message of `octets` for this mailbox would go. Where it would go nowhere that is certain, as of now; else as far as
 * this process knows, and `appendMessages` finds out.
 */
export async function findAppendTarget(
  services: Services,
  account: AccountId,
  path: MailboxPath,
  octets: number,
): Promise<AppendTarget | undefined> {
  const target = await services.store.appendTarget(account, path, { remembered: true })
  if (target?.selectable === true && hasRoom(services, target.account, octets)) return target
  return services.store.appendTarget(account, path)
}

/**
 * `path`: the mailbox's name, by which it was found; where another has it by now, that gets them. Throws StoreError `no-such-mailbox`, `quota-exceeded`, `limit`,
 * `disk-full`, `unavailable`: then nothing was appended.
 */
export async function appendMessages(
  services: Services,
  account: AccountId,
  mailbox: MailboxId,
  messages: readonly MessageToAppend[],
  path?: MailboxPath,
): Promise<Appended[]> {
  for (const { ingested } of messages) await keepBlobsAlive(services, ingested)
  const made = messages.map(({ ingested, flags, internalDate }) => ({
    parsed: ingested.parsed,
    trace: NO_TRACE,
    flags,
    internalDate,
  }))
  const append = async (to: MailboxId): Promise<Appended[]> => {
    const appended = await services.store.append(account, to, made, services.limits.quotaDefault, path)
    const last = appended.at(-1)
    if (last !== undefined) publish(services, account, last.modseq, to)
    return appended
  }
  try {
    return await append(mailbox)
  } catch (error) {
    if (path === undefined || !isStoreError(error, 'no-such-mailbox')) throw error
    // Another mailbox may have the name by now.
    const target = await services.store.appendTarget(account, path)
    if (target?.selectable !== true || target.mailbox === mailbox) throw error
    return append(target.mailbox)
  }
}
