// Plays every transcript beside this file (as it stands in test/imap) against a server.
import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { closeWithoutErrors, type ImapTestServer, startImapServer } from './server.js'
import { parseTranscript, runTranscript } from './transcript.js'

const FOLDER = fileURLToPath(new URL('../../../test/imap/', import.meta.url))

let server: ImapTestServer
beforeAll(async () => {
  server = await startImapServer()
})
afterAll(() => closeWithoutErrors(server))

const files = readdirSync(FOLDER).filter((name) => name.endsWith('.txt'))

test('there are transcripts', () => expect(files.length).toBeGreaterThan(10))

for (const file of files) {
  const transcript = parseTranscript(readFileSync(FOLDER + file, 'utf8'))
  test(`${file}: ${transcript.title}`, () => runTranscript(server, transcript))
}
