// A disk that takes nothing more must not keep anyone from reading mail: FETCH sets \\Seen where that can be written (RFC
// 3501 §6.4.5) and gives the message in any case.
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { StoreError } from '../../src/store/errors.js'
import { ImapClient } from './client.js'
import { type ImapTestServer, startImapServer } from './server.js'

let server: ImapTestServer

beforeAll(async () => {
  server = await startImapServer()
  await server.addUser('anna')
})
afterAll(() => server.close())

test('a message is read although \\Seen cannot be set, and is not said to be seen', async () => {
  const client = await ImapClient.login(server.port, 'anna')
  await client.append('INBOX', 'Subject: a\r\n\r\nbody\r\n')
  await client.ok('SELECT INBOX')
  const full = vi.spyOn(server.services.store, 'changeFlags').mockImplementation(() => {
    throw new StoreError('disk-full', 'the disk is full')
  })
  expect(await client.ok('FETCH 1 (FLAGS BODY[TEXT])')).toEqual([
    '* 1 FETCH (FLAGS (\\Recent) BODY[TEXT] {6}\r\nbody\r\n)',
  ])
  expect((await client.command('STORE 1 +FLAGS (\\Seen)')).tagged).toMatch(/^NO \[UNAVAILABLE\]/)
  full.mockRestore()
  expect(await client.ok('FETCH 1 BODY[TEXT]')).toEqual([
    '* 1 FETCH (FLAGS (\\Seen \\Recent) BODY[TEXT] {6}\r\nbody\r\n)',
  ])
  client.close()
})
