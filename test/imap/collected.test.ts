// What was expunged before the collector forgot it is told all the same (docs/architecture.md, idea 2): a session, and an
// index that is kept in memory, may both be from before.
import { afterAll, beforeAll, expect, test } from 'vitest'
import { INBOX_ID } from '../../src/mail/deliver.js'
import { ImapClient } from './client.js'
import { closeWithoutErrors, type ImapTestServer, startImapServer } from './server.js'

const DAY = 86_400_000

let server: ImapTestServer
beforeAll(async () => {
  server = await startImapServer()
})
afterAll(() => closeWithoutErrors(server))

test('a session from before is told of it, and the next does not see it', async () => {
  const { id } = await server.addUser('anna')
  const [first, second] = [
    await ImapClient.login(server.port, 'anna'),
    await ImapClient.login(server.port, 'anna'),
  ]
  for (const number of [1, 2, 3]) await first.append('INBOX', `Subject: ${number}\r\n\r\n`)
  await first.ok('SELECT INBOX')
  await second.ok('SELECT INBOX')
  await second.ok('STORE 2 +FLAGS.SILENT (\\Deleted)')
  await second.ok('STORE 3 +FLAGS.SILENT (\\Seen)')
  await second.ok('EXPUNGE')
  await server.services.store.collect({ tombstoneAge: -DAY, contentAge: -DAY })
  const inbox = await server.services.store.mailbox(id, INBOX_ID)
  expect(inbox?.purgedModseq).toBe(inbox?.highestModseq)
  expect(await first.ok('NOOP')).toEqual([
    '* 2 EXPUNGE',
    '* 2 RECENT',
    '* 2 FETCH (UID 3 FLAGS (\\Seen \\Recent))',
  ])
  const third = await ImapClient.login(server.port, 'anna')
  expect(await third.ok('SELECT INBOX')).toContain('* 2 EXISTS')
  expect(await third.ok('UID SEARCH ALL')).toEqual(['* SEARCH 1 3'])
  for (const client of [first, second, third]) client.close()
})
