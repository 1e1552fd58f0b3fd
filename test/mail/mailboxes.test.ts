// Changes of mailboxes tell those who watch the account.
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createAccount } from '../../src/mail/accounts.js'
import { INBOX_ID } from '../../src/mail/deliver.js'
import { createMailbox, findMailbox, renameMailbox } from '../../src/mail/mailboxes.js'
import type { Hint } from '../../src/mail/types.js'
import type { MailboxPath } from '../../src/model/mailbox-path.js'
import { type OpenServices, openServices } from '../support/services.js'

let services: OpenServices
beforeAll(async () => {
  services = await openServices()
})
afterAll(() => services.close())

const path = (name: string) => name as MailboxPath

test('RENAME of INBOX tells INBOX, the mailbox that its mail comes into, and the account', async () => {
  const { id } = await createAccount(services, { username: 'anna', password: 'secret' })
  const heard: Hint[] = []
  const leave = services.bus.subscribe(id, (hint) => heard.push(hint))
  await renameMailbox(services, id, path('INBOX'), path('Old'))
  const old = await findMailbox(services, id, path('Old'))
  await expect.poll(() => heard.map(({ mailbox }) => mailbox)).toEqual([INBOX_ID, old?.id, undefined])
  leave()
})

test('the hint of a RENAME speaks of no modseq that the mailbox has not reached', async () => {
  const { id } = await createAccount(services, { username: 'berta', password: 'secret' })
  await createMailbox(services, id, path('Before'))
  const heard: Hint[] = []
  const leave = services.bus.subscribe(id, (hint) => heard.push(hint))
  await renameMailbox(services, id, path('Before'), path('After'))
  const after = await findMailbox(services, id, path('After'))
  const own = { account: id, mailbox: after?.id, modseq: after?.highestModseq }
  await expect.poll(() => heard).toEqual([own, { account: id, modseq: expect.any(Number) }])
  leave()
})
