// A session from greeting to LOGOUT: the shortest way through every room.
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ImapClient } from './client.js'
import { closeWithoutErrors, type ImapTestServer, startImapServer } from './server.js'

let server: ImapTestServer
beforeAll(async () => {
  server = await startImapServer()
  await server.addUser('anna')
})
afterAll(() => closeWithoutErrors(server))

test('a message appended is read back, octet by octet', async () => {
  const client = await ImapClient.connect(server.port)
  expect(await client.response()).toMatch(/^\* OK \[CAPABILITY IMAP4rev1 .*\] /)
  await client.ok('LOGIN anna "correct-horse"')
  const message = 'From: a@b.c\r\nSubject: hello\r\n\r\nbody \x80\xff bare\nlf\r\n'
  expect(await client.append('INBOX', message, '(\\Seen)')).toMatch(/^OK \[APPENDUID \d+ 1\]/)
  const selected = await client.ok('SELECT INBOX')
  expect(selected).toContain('* 1 EXISTS')
  expect(await client.ok('FETCH 1 (FLAGS BODY.PEEK[])')).toEqual([
    `* 1 FETCH (FLAGS (\\Seen \\Recent) BODY[] {${message.length}}\r\n${message})`,
  ])
  const { untagged, tagged } = await client.command('LOGOUT')
  expect(untagged).toEqual(['* BYE Logging out'])
  expect(tagged).toMatch(/^OK/)
  await client.waitForClose()
})
