// Telling everybody who watches an account what has changed, once it is durable.

import type { AccountId, MailboxId, ModSeq } from '../model/ids.js'
import type { Services } from './services.js'

export function publish(
  services: Services,
  account: AccountId,
  modseq: ModSeq,
  ...mailboxes: MailboxId[]
): void {
  for (const mailbox of mailboxes) services.bus.publish({ account, mailbox, modseq })
}

/** The account itself changed: its mailboxes, its password, its end. */
export function publishAccount(services: Services, account: AccountId, modseq: ModSeq): void {
  services.bus.publish({ account, modseq })
}
