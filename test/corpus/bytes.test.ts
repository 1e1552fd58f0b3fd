// Every message of the corpus and every made one, in by APPEND and by LMTP (DATA, and BDAT's chunks), out by BODY.PEEK[]
// (RFC 3501 §6.4.5): the octets that came in are the octets that go out.

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startServer, type TestServer } from '../server.js'
import { type CorpusMessage, corpusIsThere, readCorpus } from '../support/corpus.js'
import { engineName } from '../support/engine.js'
import { appendedUid, ImapClient } from '../wire/imap.js'
import { SmtpClient } from '../wire/smtp.js'
import { differsFromAppended, differsFromDelivered, fetchWhole, withLastLine } from './exact.js'
import { attachmentOf, madeMessages } from './made.js'

const MINUTES = 60_000

let server: TestServer
let imap: ImapClient

beforeAll(async () => {
  server = await startServer({ set: { 'message.maxSize': '200MiB', 'quota.default': '4GiB' } })
  await server.createUser('reader', 'secret word', 'reader@example.com')
  imap = await ImapClient.login(server.listeners.imap, 'reader', 'secret word')
  await imap.expectOk('SELECT INBOX')
})

afterAll(async () => {
  await imap?.logout()
  await server?.stop()
})

async function append({ source }: CorpusMessage): Promise<string | undefined> {
  const uid = appendedUid(await imap.expectOk('APPEND INBOX ', source))
  return differsFromAppended(await fetchWhole(imap, uid), source)
}

const deliver = ({ source }: CorpusMessage) => deliverAs(source, withLastLine(source))

/** Chunks that begin and end anywhere (RFC 3030). */
const deliverInChunks = ({ source }: CorpusMessage) =>
  deliverAs(source, source, 1 + Math.ceil(source.length / 3))

async function deliverAs(
  source: Uint8Array,
  expected: Uint8Array,
  chunk?: number,
): Promise<string | undefined> {
  const [next] = (await imap.expectOk('STATUS INBOX (UIDNEXT)')).untagged.filter(
    ({ values }) => values[0] === 'STATUS',
  )
  const uid = Number(([] as unknown[]).concat(next?.values[2])[1])
  const client = await SmtpClient.connect(server.listeners.lmtp, 'lmtp')
  const replies = await client.deliver({ to: ['reader@example.com'], message: source, chunk })
  await client.quit()
  if (replies.some(({ code }) => code !== 250)) return `LMTP: ${JSON.stringify(replies)}`
  // What others delivered is in this session's view once it was told (RFC 3501 §7).
  await imap.expectOk('NOOP')
  return differsFromDelivered(await fetchWhole(imap, uid), expected)
}

/** Chunks are put together before any store: on one engine they are enough. */
const byLmtp = engineName() === 'SQLite' ? [deliver, deliverInChunks] : [deliver]

async function wrong(
  messages: CorpusMessage[],
  way: (message: CorpusMessage) => Promise<string | undefined>,
) {
  const found: string[] = []
  for (const message of messages) {
    const difference = await way(message)
    if (difference !== undefined) found.push(`${message.name}: ${difference}`)
  }
  return found
}

const huge = (): CorpusMessage => ({ name: 'attachment of 100 MB', source: attachmentOf(100_000_000) })

describe('octet for octet', () => {
  it.skipIf(!corpusIsThere)('the corpus by APPEND', { timeout: 3 * MINUTES }, async () => {
    const messages = readCorpus()
    expect(messages).toHaveLength(595)
    expect(await wrong(messages, append)).toEqual([])
  })

  it.skipIf(!corpusIsThere)('the corpus by LMTP', { timeout: 3 * MINUTES }, async () => {
    for (const way of byLmtp) expect(await wrong(readCorpus(), way)).toEqual([])
  })

  it('made messages by APPEND', { timeout: 3 * MINUTES }, async () => {
    expect(await wrong(madeMessages(), append)).toEqual([])
  })

  it('made messages by LMTP', { timeout: 3 * MINUTES }, async () => {
    for (const way of byLmtp) expect(await wrong(madeMessages(), way)).toEqual([])
  })

  it('an attachment of 100 MB by APPEND and by LMTP', { timeout: 3 * MINUTES }, async () => {
    expect(await wrong([huge()], append)).toEqual([])
    for (const way of byLmtp) expect(await wrong([huge()], way)).toEqual([])
  })
})
