// MailboxStore on MongoDB.

import { mailboxId, modSeq } from '../../model/ids.js'
import { INBOX } from '../../model/mailbox-path.js'
import type { MailboxStore } from '../mailboxes.js'
import type { MessageStore } from '../messages.js'
import { emptyInboxInto } from '../rename-inbox.js'
import { mailboxOf } from '../rows.js'
import type { Access } from './access.js'
import {
  createMailboxMutation,
  deleteMailboxMutation,
  renameMailboxMutation,
  subscribeMutation,
  unsubscribeMutation,
} from './mailboxes.js'
import { MailboxReads } from './reading-mailboxes.js'

export function mailboxMethods(access: Access, messages: MessageStore): MailboxStore {
  const { mutate } = access
  const mailboxes = new MailboxReads(access)
  const methods: MailboxStore = {
    mailboxes: (account) => mailboxes.all(account),
    mailbox: (account, id) => mailboxes.find(account, id),
    mailboxByPath: (account, path) => mailboxes.byPath(account, path),
    openMailbox: (account, path) => mailboxes.open(account, path),
    appendTarget: (account, path, options) => mailboxes.appendTarget(account, path, options),
    async createMailbox(account, path, specialUse) {
      const { mailbox, modseq } = await mutate(createMailboxMutation(account, path, specialUse ?? null))
      return { mailbox: mailboxOf({ recent_uid: 1, ...mailbox }), modseq: modSeq(modseq) }
    },
    async renameMailbox(account, from, to) {
      const { modseq } = await mutate(renameMailboxMutation(account, from, to))
      if (from !== INBOX) return { modseq: modSeq(modseq) }
      return { modseq: await emptyInboxInto(methods, messages, account, to, modseq) }
    },
    async deleteMailbox(account, path) {
      const { mailbox, modseq } = await mutate(deleteMailboxMutation(account, path))
      return { mailbox: mailboxId(mailbox), modseq: modSeq(modseq) }
    },
    subscribe: (account, path) => mutate(subscribeMutation(account, path)),
    unsubscribe: (account, path) => mutate(unsubscribeMutation(account, path)),
    subscriptions: (account) => mailboxes.subscriptions(account),
    claimRecent: (account, mailbox, uidNext) => mailboxes.claimRecent(account, mailbox, uidNext),
  }
  return methods
}
