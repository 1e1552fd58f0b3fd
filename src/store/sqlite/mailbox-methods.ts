// MailboxStore on SQLite.

import { type AccountId, mailboxId, modSeq } from '../../model/ids.js'
import { INBOX, type MailboxPath } from '../../model/mailbox-path.js'
import type { MailboxStore } from '../mailboxes.js'
import type { MessageStore } from '../messages.js'
import { emptyInboxInto } from '../rename-inbox.js'
import { mailboxOf } from '../rows.js'
import type { Access } from './access.js'

export function mailboxMethods(access: Access, messages: MessageStore): MailboxStore {
  const { accounts, mailboxes, last, index, write } = access
  const openMailbox = access.database.reader.transaction((account: AccountId, path: MailboxPath) => {
    const mailbox = mailboxes.byPath(account, path)
    return mailbox && { mailbox, flags: index.flagTable(account) }
  })
  const methods: MailboxStore = {
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
    openMailbox: async (account, path) => openMailbox(account, path),
    async appendTarget(account, path, options) {
      const findBox = () => mailboxes.byPath(account, path)
      const findHolder = () => accounts.account(account)
      const [box, holder] =
        options?.remembered === true
          ? [last.mailboxes.get(`${account}/${path}`, findBox), last.accounts.get(account, findHolder)]
          : [findBox(), findHolder()]
      if (box === undefined || holder?.state !== 'active') return undefined
      return { account: holder, mailbox: box.id, selectable: box.selectable }
    },
    async createMailbox(account, path, specialUse) {
      const made = await write('createMailbox', { account, path, specialUse: specialUse ?? null })
      return { mailbox: mailboxOf(made.mailbox), modseq: modSeq(made.modseq) }
    },
    async renameMailbox(account, from, to) {
      const { modseq } = await write('renameMailbox', { account, from, to })
      if (from !== INBOX) return { modseq: modSeq(modseq) }
      return { modseq: await emptyInboxInto(methods, messages, account, to, modseq) }
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
  return methods
}
