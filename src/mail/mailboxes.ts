// Mailboxes and subscriptions: RFC 3501 §6.3.3 - §6.3.10. Each change tells those who watch the account.

import type { AccountId } from '../model/ids.js'
import type { MailboxPath, SpecialUse } from '../model/mailbox-path.js'
import type { Mailbox, OpenedMailbox } from '../store/mailboxes.js'
import { publish, publishAccount } from './hints.js'
import type { Services } from './services.js'

/** In the order of their paths; \Noselect names among them. */
export const listMailboxes = (services: Services, account: AccountId): Promise<Mailbox[]> =>
  services.store.mailboxes(account)

export const findMailbox = (
  services: Services,
  account: AccountId,
  path: MailboxPath,
): Promise<Mailbox | undefined> => services.store.mailboxByPath(account, path)

/** With the names of its account's flags: what SELECT begins with. */
export const openMailbox = (
  services: Services,
  account: AccountId,
  path: MailboxPath,
): Promise<OpenedMailbox | undefined> => services.store.openMailbox(account, path)

/** Throws StoreError `mailbox-exists`, `limit`. */
export async function createMailbox(
  services: Services,
  account: AccountId,
  path: MailboxPath,
  specialUse?: SpecialUse,
): Promise<Mailbox> {
  const { mailbox, modseq } = await services.store.createMailbox(account, path, specialUse)
  publishAccount(services, account, modseq)
  return mailbox
}

/** Throws StoreError `no-such-mailbox`, `mailbox-exists`, `mailbox-protected`, `limit`. */
export async function renameMailbox(
  services: Services,
  account: AccountId,
  from: MailboxPath,
  to: MailboxPath,
): Promise<void> {
  const { modseq } = await services.store.renameMailbox(account, from, to)
  // Of INBOX only the mail goes: somebody may have opened the mailbox that it comes into (RFC 3501 §6.3.5). Any other has only a
  // new name, which does not move its modseq: nobody must wait for that of the account there.
  for (const path of [from, to]) {
    const mailbox = await services.store.mailboxByPath(account, path)
    if (mailbox !== undefined) publish(services, account, mailbox.highestModseq, mailbox.id)
  }
  publishAccount(services, account, modseq)
}

/** Throws StoreError `no-such-mailbox`, `mailbox-has-children`, `mailbox-protected`. */
export async function deleteMailbox(
  services: Services,
  account: AccountId,
  path: MailboxPath,
): Promise<void> {
  const { mailbox, modseq } = await services.store.deleteMailbox(account, path)
  services.indexCache.forget(account, mailbox)
  publish(services, account, modseq, mailbox)
  publishAccount(services, account, modseq)
}

export const subscribe = (services: Services, account: AccountId, path: MailboxPath): Promise<void> =>
  services.store.subscribe(account, path)

export const unsubscribe = (services: Services, account: AccountId, path: MailboxPath): Promise<void> =>
  services.store.unsubscribe(account, path)

export const subscriptions = (services: Services, account: AccountId): Promise<MailboxPath[]> =>
  services.store.subscriptions(account)

/**
 * The UIDs from the returned one up to below `uidNext` are \Recent for the caller's session alone (RFC 3501 §2.3.2).
 * `mailbox` as it was read before: what was claimed by then needs no second look.
 */
export async function claimRecent(services: Services, mailbox: Mailbox, uidNext: number): Promise<number> {
  const { account, id, recentUid } = mailbox
  return recentUid >= uidNext ? recentUid : services.store.claimRecent(account, id, uidNext)
}
