// MailboxStore on SQLite.

import type { AccountId } from '../../model/ids.js'
import { mailboxId, modSeq } from '../../model/ids.js'
import { INBOX, type MailboxPath } from '../../model/mailbox-path.js'
import { StoreError } from '../errors.js'
import type { Mailbox, MailboxStore } from '../mailboxes.js'
import type { MessageStore } from '../messages.js'
import { mailboxOf } from '../rows.js'
import type { Access } from './access.js'

async function uidsOf(messages: MessageStore, box: Mailbox): Promise<Uint32Array> {
  const uids: number[] = []
  for await (const { entries } of messages.entries(box.account, box.id, { to: box.uidNext - 1 }))
    for (const uid of entries.uids) uids.push(uid)
  return Uint32Array.from(uids)
}

export function mailboxMethods({ accounts, mailboxes, write }: Access, messages: MessageStore): MailboxStore {
  const demand = (account: AccountId, path: string): Mailbox => {
    const box = mailboxes.byPath(account, path)
    if (box === undefined) throw new StoreError('no-such-mailbox', `"${path}" does not exist`)
    return box
  }

  /** RFC 3501 §6.3.5: what INBOX holds now goes to the new mailbox, INBOX stays. What comes meanwhile stays in INBOX. */
  const emptyInboxInto = async (account: AccountId, to: MailboxPath, modseq: number): Promise<number> => {
    const inbox = demand(account, INBOX)
    let last = modseq
    for await (const moved of messages.move(
      account,
      inbox.id,
      await uidsOf(messages, inbox),
      demand(account, to).id,
    ))
      last = moved.modseq
    return last
  }

  return {
    async mailboxes(account) {
      accounts.demand(account)
      return mailboxes.all(account)
    },
    async mailbox(account, id) {
      return mailboxes.find(account, id)
    },
    async mailboxByPath(account, path) {
      return mailboxes.byPath(account, path)
    },
    async createMailbox(account, path, specialUse) {
      const made = await write('createMailbox', { account, path, specialUse: specialUse ?? null })
      return { mailbox: mailboxOf(made.mailbox), modseq: modSeq(made.modseq) }
    },
    async renameMailbox(account, from, to) {
      const { modseq } = await write('renameMailbox', { account, from, to })
      return { modseq: modSeq(from === INBOX ? await emptyInboxInto(account, to, modseq) : modseq) }
    },
    async deleteMailbox(account, path) {
      const { mailbox, modseq } = await write('deleteMailbox', { account, path })
      return { mailbox: mailboxId(mailbox), modseq: modSeq(modseq) }
    },
    subscribe: (account, path) => write('subscribe', { account, path }),
    unsubscribe: (account, path) => write('unsubscribe', { account, path }),
    async subscriptions(account) {
      accounts.demand(account)
      return mailboxes.subscriptions(account)
    },
    async claimRecent(account, mailbox, uidNext) {
      const recent = mailboxes.recentUid(account, mailbox)
      if (recent !== undefined && recent >= uidNext) return recent
      return write('claimRecent', { account, mailbox, uidNext })
    },
  }
}
