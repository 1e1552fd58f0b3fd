// A body that the store has lost (a damaged disk, an older backup) costs its own message and no other: RFC 3501 §7.4.2 has
// nothing to say it with but the tagged NO, as long as none of the message was sent.
import { afterEach, beforeEach, expect, test } from 'vitest'
import { ImapClient } from './client.js'
import { type ImapTestServer, startImapServer } from './server.js'

let server: ImapTestServer
let client: ImapClient
beforeEach(async () => {
  server = await startImapServer()
  await server.addUser('anna')
  client = await ImapClient.login(server.port, 'anna')
})
afterEach(async () => {
  client.close()
  await server.close()
})

const lines = (word: string, octets: number): string =>
  `${word} `
    .repeat(15)
    .concat('\r\n')
    .repeat(octets / 80)
const large = (word: string): string => `Subject: ${word}\r\n\r\n${lines(word, 200_000)}`

/** The collector takes, at once, all bodies but those that are kept. */
async function lose(kept: ReadonlySet<string> = new Set()): Promise<void> {
  const { blobs } = server.services
  for (let round = 0; round < 2; round++) await blobs.collect(-60_000, async () => kept)
  for await (const { hash } of blobs.verify()) expect(kept).toContain(hash)
}

test('FETCH and SEARCH leave out a message whose body is lost, and go on with the others', async () => {
  await client.append('INBOX', large('lost'))
  await lose()
  await client.append('INBOX', 'Subject: small\r\n\r\nthe needle\r\n')
  await client.append('INBOX', large('needle'))
  await client.ok('SELECT INBOX')
  const rows = [/^\* 2 FETCH .*small/s, /^\* 3 FETCH .*needle/s]
  for (const command of ['FETCH 1:3 (UID BODY.PEEK[])', 'UID FETCH 1:3 BODY.PEEK[]']) {
    const { untagged, tagged } = await client.command(command)
    expect(untagged).toEqual(rows.map((row) => expect.stringMatching(row)))
    expect(tagged).toMatch(/^NO \[CONTACTADMIN\]/)
  }
  expect(server.errors.join()).toMatch(/"uid":1,.*imap-fetch-failed/)
  expect(await client.ok('FETCH 1 BODY.PEEK[HEADER]')).toHaveLength(1)
  expect(await client.ok('SEARCH BODY needle')).toEqual(['* SEARCH 2 3'])
  expect(server.errors.join()).toContain('search-text-failed')
})

test('where some of a message was sent already, only the end of the connection can tell the client', async () => {
  const part = (word: string, octets: number) => `--b\r\n\r\n${lines(word, octets)}\r\n`
  const parts = [part('kept', 400_000), part('lost', 200_000)]
  await client.append('INBOX', `Content-Type: multipart/mixed; boundary=b\r\n\r\n${parts.join('')}--b--\r\n`)
  const kept = new Set<string>()
  for await (const { hash, size } of server.services.blobs.verify()) if (size > 300_000) kept.add(hash)
  await lose(kept)
  await client.ok('SELECT INBOX')
  client.send('a FETCH 1 BODY.PEEK[]\r\n')
  await client.waitForClose()
  expect(server.errors.join()).toContain('imap-literal-cut-off')
})
