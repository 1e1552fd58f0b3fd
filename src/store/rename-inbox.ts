// RENAME of INBOX (RFC 3501 §6.3.5): what it holds goes to the new mailbox, in slices; INBOX stays. What comes meanwhile stays
// in INBOX.

import { type AccountId, type ModSeq, modSeq } from '../model/ids.js'
import { INBOX, type MailboxPath } from '../model/mailbox-path.js'
import { StoreError } from './errors.js'
import type { Mailbox, MailboxStore } from './mailboxes.js'
import type { MessageStore } from './messages.js'

type Reads = Pick<MailboxStore, 'mailboxByPath'>
type Messages = Pick<MessageStore, 'entries' | 'move'>

async function uidsOf(messages: Messages, box: Mailbox): Promise<Uint32Array> {
  const uids: number[] = []
  for await (const { entries } of messages.entries(box.account, box.id, { to: box.uidNext - 1 }))
    for (const uid of entries.uids) uids.push(uid)
  return Uint32Array.from(uids)
}

async function demand(mailboxes: Reads, account: AccountId, path: MailboxPath): Promise<Mailbox> {
  const box = await mailboxes.mailboxByPath(account, path)
  if (box === undefined) throw new StoreError('no-such-mailbox', `"${path}" does not exist`)
  return box
}

/** `modseq`: of the mutation that made the mailbox `to`. Returns that of the last slice. */
export async function emptyInboxInto(
  mailboxes: Reads,
  messages: Messages,
  account: AccountId,
  to: MailboxPath,
  modseq: number,
): Promise<ModSeq> {
  const inbox = await demand(mailboxes, account, INBOX as MailboxPath)
  const target = await demand(mailboxes, account, to)
  let last = modSeq(modseq)
  for await (const moved of messages.move(account, inbox.id, await uidsOf(messages, inbox), target.id))
    last = moved.modseq
  return last
}
