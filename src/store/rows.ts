// Accounts and mailboxes as both engines keep them: rows in one, documents in the other, with the same names; and what they
// are to the outside.

import { accountId, mailboxId, modSeq } from '../model/ids.js'
import type { MailboxPath, SpecialUse } from '../model/mailbox-path.js'
import type { Account } from './accounts.js'
import type { Mailbox } from './mailboxes.js'

export interface AccountRow {
  readonly account: number
  readonly username: string
  username_key: string | null
  quota: number
  storage_used: number
  modseq: number
  content_next: number
  mailbox_next: number
  keyword_next: number
  uid_validity: number
  state: 'active' | 'removing' | 'arriving'
  readonly created: number
}

/** What mutations of messages and names read and change. */
export interface MailboxState {
  readonly account: number
  readonly mailbox: number
  uid_validity: number
  uid_next: number
  highest_modseq: number
  purged_modseq: number
  messages: number
  unseen: number
  deleted: number
  octets: number
  selectable: number
  special_use: SpecialUse | null
  created: number
  deleted_at: number | null
  path: string
}

export interface MailboxRow extends MailboxState {
  readonly recent_uid: number
}

export const accountOf = (row: AccountRow): Account => ({
  id: accountId(row.account),
  username: row.username,
  usernameKey: row.username_key ?? '',
  quota: row.quota,
  storageUsed: row.storage_used,
  modseq: modSeq(row.modseq),
  state: row.state,
  created: row.created,
})

export const mailboxOf = (row: MailboxRow): Mailbox => ({
  account: accountId(row.account),
  id: mailboxId(row.mailbox),
  path: row.path as MailboxPath,
  uidValidity: row.uid_validity,
  uidNext: row.uid_next,
  highestModseq: modSeq(row.highest_modseq),
  purgedModseq: modSeq(row.purged_modseq),
  recentUid: row.recent_uid,
  ...(row.special_use === null ? {} : { specialUse: row.special_use }),
  selectable: row.selectable === 1,
  messages: row.messages,
  unseen: row.unseen,
  deleted: row.deleted,
  octets: row.octets,
  created: row.created,
})
