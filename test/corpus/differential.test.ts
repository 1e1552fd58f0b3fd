// Eider beside Dovecot: every part, section, partial, ENVELOPE and BODYSTRUCTURE of the corpus in CRLF form is
// answered alike, or stands in the table of accepted differences (RFC 3501 §6.4.5, §7.4.2).

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startServer, type TestServer } from '../server.js'
import { corpusIsThere, readCorpus } from '../support/corpus.js'
import { ImapClient } from '../wire/imap.js'
import { required } from '../wire/required.js'
import { ACCEPTED } from './accepted-differences.js'
import { compareNewest, crlfForm, type Difference } from './differential.js'
import { type Dovecot, hasDovecot, startDovecot } from './dovecot.js'

const dovecotSkip = required(hasDovecot, 'dovecot-imapd')

let server: TestServer
let eider: ImapClient
let dovecot: Dovecot

async function compareCorpus(): Promise<Difference[]> {
  const found: Difference[] = []
  let seq = 0
  for (const { name, source } of readCorpus()) {
    seq++
    const sent = crlfForm(source)
    for (const client of [eider, dovecot.client]) await client.expectOk('APPEND INBOX ', sent)
    found.push(...(await compareNewest(name, { client: eider, seq }, { client: dovecot.client, seq })))
  }
  return found
}

function acceptedRows(): Set<string> {
  return new Set(
    ACCEPTED.flatMap(({ rows }) =>
      Object.entries(rows).flatMap(([message, items]) => items.map((item) => `${message} ${item}`)),
    ),
  )
}

describe.skipIf(!corpusIsThere || !hasDovecot)(`beside Dovecot${dovecotSkip}`, () => {
  beforeAll(async () => {
    server = await startServer()
    await server.createUser('reader', 'secret word')
    eider = await ImapClient.login(server.listeners.imap, 'reader', 'secret word')
    dovecot = await startDovecot()
    for (const client of [eider, dovecot.client]) await client.expectOk('SELECT INBOX')
  })

  afterAll(async () => {
    await eider?.logout()
    await dovecot?.stop()
    await server?.stop()
  })

  it('answers as Dovecot does, but for the table', { timeout: 300_000 }, async () => {
    const accepted = acceptedRows()
    const differing = new Set<string>()
    const unlisted: string[] = []
    for (const { message, item, shown } of await compareCorpus()) {
      const row = `${message} ${item}`
      differing.add(row)
      if (!accepted.has(row)) unlisted.push(`${message}: ${shown}`)
    }
    const stale = [...accepted].filter((row) => !differing.has(row))
    expect({ unlisted, stale }).toEqual({ unlisted: [], stale: [] })
  })
})
