// Accounts and what stands in their INBOX, for tests that deliver.

import { addAddress, createAccount } from '../../src/mail/accounts.js'
import { INBOX_ID } from '../../src/mail/deliver.js'
import { readEntries } from '../../src/mail/entries.js'
import type { Services } from '../../src/mail/services.js'
import { type MessageSource, openSources } from '../../src/mail/source.js'
import type { Account } from '../../src/mail/types.js'
import type { AccountId, ContentId } from '../../src/model/ids.js'

/** An account with the address `username@example.org`. */
export async function accountWith(services: Services, username: string, quota = 0): Promise<Account> {
  const account = await createAccount(services, { username, password: 'secret', quota })
  await addAddress(services, account, `${username}@example.org`, true)
  return account
}

/** One by itself; undefined where the content is gone. */
export async function openSource(
  services: Services,
  account: AccountId,
  content: ContentId,
): Promise<MessageSource | undefined> {
  for await (const source of openSources(services, account, Uint32Array.of(content), Float64Array.of(0)))
    return source
  return undefined
}

/** What stands in the account's INBOX, octet for octet, in the order of the UIDs. */
export async function inboxOf(services: Services, account: Account): Promise<Buffer[]> {
  const mailbox = await services.store.mailbox(account.id, INBOX_ID)
  const uids = Uint32Array.from({ length: (mailbox?.uidNext ?? 1) - 1 }, (_, i) => i + 1)
  const messages: Buffer[] = []
  for await (const { cold } of readEntries(services, account.id, INBOX_ID, uids, { cold: true })) {
    if (cold === undefined) throw new Error('the cold columns were not read')
    for await (const source of openSources(services, account.id, cold.contents, cold.sizes))
      messages.push(await messageOf(source))
  }
  return messages
}

async function messageOf(source: MessageSource | undefined): Promise<Buffer> {
  if (source === undefined) throw new Error('a content is not there')
  const pieces: Uint8Array[] = []
  for await (const piece of source.read()) pieces.push(piece)
  return Buffer.concat(pieces)
}
