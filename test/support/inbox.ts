// Accounts and what stands in their INBOX, for tests that deliver.

import { addAddress, createAccount } from '../../src/mail/accounts.js'
import { INBOX_ID } from '../../src/mail/deliver.js'
import { readEntries } from '../../src/mail/entries.js'
import type { Services } from '../../src/mail/services.js'
import { openSource } from '../../src/mail/source.js'
import type { Account } from '../../src/mail/types.js'
import { type ContentId, contentId } from '../../src/model/ids.js'

/** An account with the address `username@example.org`. */
export async function accountWith(services: Services, username: string, quota = 0): Promise<Account> {
  const account = await createAccount(services, { username, password: 'secret', quota })
  await addAddress(services, account, `${username}@example.org`, true)
  return account
}

/** What stands in the account's INBOX, octet for octet, in the order of the UIDs. */
export async function inboxOf(services: Services, account: Account): Promise<Buffer[]> {
  const mailbox = await services.store.mailbox(account.id, INBOX_ID)
  const uids = Uint32Array.from({ length: (mailbox?.uidNext ?? 1) - 1 }, (_, i) => i + 1)
  const messages: Buffer[] = []
  for await (const { length, cold } of readEntries(services, account.id, INBOX_ID, uids, { cold: true })) {
    for (let i = 0; i < length; i++) {
      messages.push(await messageOf(services, account, contentId(cold?.contents[i] ?? 0)))
    }
  }
  return messages
}

async function messageOf(services: Services, account: Account, content: ContentId): Promise<Buffer> {
  const source = await openSource(services, account.id, content)
  if (source === undefined) throw new Error(`content ${content} is not there`)
  const pieces: Uint8Array[] = []
  for await (const piece of source.read()) pieces.push(piece)
  return Buffer.concat(pieces)
}
