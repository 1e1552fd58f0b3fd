// The bytes that came in are the bytes that go out: the corpus through intake, store and source, whole and by ranges.
import { createHash } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createAccount } from '../../src/mail/accounts.js'
import { appendMessages } from '../../src/mail/append.js'
import { collectOnce } from '../../src/mail/collect.js'
import { deliverAll, findRecipients, INBOX_ID } from '../../src/mail/deliver.js'
import { ingest } from '../../src/mail/intake.js'
import type { MessageSource } from '../../src/mail/source.js'
import type { AccountId, ContentId } from '../../src/model/ids.js'
import { corpusIsThere, readCorpus } from '../support/corpus.js'
import { accountWith, openSource } from '../support/inbox.js'
import { longestHold } from '../support/longest-hold.js'
import { type OpenServices, openServices } from '../support/services.js'

let services: OpenServices
let account: AccountId

beforeAll(async () => {
  services = await openServices()
  account = (await createAccount(services, { username: 'reader', password: 'secret' })).id
})
afterAll(() => services.close())

async function append(source: Uint8Array): Promise<ContentId> {
  const ingested = await ingest(services, source)
  const message = { ingested, flags: [], internalDate: { at: 0, zone: 0 } }
  const [appended] = await appendMessages(services, account, INBOX_ID, [message])
  if (appended === undefined) throw new Error('nothing was appended')
  return appended.content
}

async function open(content: ContentId): Promise<MessageSource> {
  const source = await openSource(services, account, content)
  if (source === undefined) throw new Error('the content is not there')
  return source
}

async function collect(pieces: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const all: Uint8Array[] = []
  for await (const piece of pieces) all.push(piece)
  return Buffer.concat(all)
}

const sha256 = (octets: Uint8Array): string => createHash('sha256').update(octets).digest('hex')

test.runIf(corpusIsThere)('every message of the corpus comes back as it came', async () => {
  for (const { name, source } of readCorpus()) {
    const stored = await open(await append(source))
    expect(stored.size, name).toBe(source.length)
    expect(sha256(await collect(stored.read())), name).toBe(sha256(source))
  }
})

const attachment = Buffer.from(Array.from({ length: 200_000 }, (_, i) => (i * 7919) & 255))
const lines = attachment.toString('base64').replace(/.{76}/g, '$&\r\n')
const withAttachment = Buffer.from(
  `From: a@example.com\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n\r\ntext\r\n--x\r\n` +
    `Content-Type: image/png\r\nContent-Transfer-Encoding: base64\r\n\r\n${lines}\r\n--x--\r\n`,
)

test('any range of a message with a large base64 body is the same range of what came in', async () => {
  const stored = await open(await append(withAttachment))
  expect(stored.inMemory()).toBeUndefined()
  for (let start = 0; start < withAttachment.length; start += 9973) {
    for (const length of [0, 1, 75, 76, 77, 78, 1000, 70_000]) {
      const range = await collect(stored.read(start, start + length))
      expect(range.equals(withAttachment.subarray(start, start + length)), `${start}+${length}`).toBe(true)
    }
  }
})

test('two messages with the same attachment share its blob', async () => {
  await append(withAttachment)
  await append(Buffer.concat([Buffer.from('Subject: again\r\n'), withAttachment]))
  const hashes: string[] = []
  for await (const blob of services.blobs.verify()) {
    expect(blob.computed).toBe(blob.hash)
    hashes.push(blob.hash)
  }
  expect(hashes).toContain(sha256(attachment))
  expect(new Set(hashes).size).toBe(hashes.length)
})

test('sections address header, text and parts', async () => {
  const stored = await open(await append(withAttachment))
  const read = async (part: number[], text: '' | 'HEADER' | 'MIME' | 'TEXT') => {
    const section = await stored.section({ part, text })
    return section && (await collect(section.read(0, section.length))).toString('latin1')
  }
  expect(await read([1], '')).toBe('text')
  expect(await read([2], 'MIME')).toBe('Content-Type: image/png\r\nContent-Transfer-Encoding: base64\r\n\r\n')
  expect(sha256(Buffer.from((await read([2], '')) ?? '', 'latin1'))).toBe(sha256(Buffer.from(lines)))
  expect(await read([3], '')).toBeUndefined()
  const fields = await stored.section({ part: [], text: 'HEADER.FIELDS', names: ['FROM'] })
  expect(fields && (await collect(fields.read(0, 99))).toString()).toBe('From: a@example.com\r\n\r\n')
})

test('a message above the limit is refused and leaves nothing behind', async () => {
  const small = await openServices({ messageMaxSize: 50_000 })
  try {
    await expect(ingest(small, withAttachment)).rejects.toMatchObject({ code: 'message-too-large' })
    for await (const blob of small.blobs.verify()) throw new Error(`left behind: ${blob.hash}`)
  } finally {
    await small.close()
  }
})

test('a message whose bodies were collected while it waited is not stored without them', async () => {
  // A grace of less than nothing: one round finds that a body is unused, the next deletes it.
  const hasty = await openServices({ blobGraceMs: -60_000 })
  try {
    const { id } = await accountWith(hasty, 'anna')
    const recipients = await findRecipients(hasty, 'anna@example.org')
    const ingested = await ingest(hasty, withAttachment)
    for (let round = 0; round < 2; round++) await collectOnce(hasty, { tombstoneAge: 1e9, contentAge: 1e9 })
    const message = { ingested, flags: [], internalDate: { at: 0, zone: 0 } }
    const gone = { code: 'unavailable', message: expect.stringContaining(sha256(attachment)) }
    await expect(appendMessages(hasty, id, INBOX_ID, [message])).rejects.toMatchObject(gone)
    const deliveries = recipients.map((recipient) => ({ recipient, trace: Buffer.alloc(0) }))
    expect(deliveries).toHaveLength(1)
    await expect(deliverAll(hasty, ingested, deliveries)).rejects.toMatchObject(gone)
    expect(await hasty.store.mailbox(id, INBOX_ID)).toMatchObject({ messages: 0 })
  } finally {
    await hasty.close()
  }
})

test('the fields of a large header are found in pieces, and others have their turn', async () => {
  const fields = Array.from(
    { length: 200_000 },
    (_, i) => `X-Field-${i % 10}: ${'v'.repeat(i % 60)} ${i}\r\n`,
  )
  const end = '\r\nbody'
  const stored = await open(await append(Buffer.from(fields.join('') + end)))
  const read = async (text: 'HEADER.FIELDS' | 'HEADER.FIELDS.NOT', names: string[]) => {
    const section = await stored.section({ part: [], text, names })
    if (section === undefined) throw new Error('no such section')
    const all = await collect(section.read(0, section.length))
    expect(all.length).toBe(section.length)
    expect((await collect(section.read(1000, 5000))).equals(all.subarray(1000, 5000))).toBe(true)
    return all.toString('latin1')
  }
  const of = (digits: string) => fields.filter((field) => digits.includes(field.charAt(8))).join('')
  expect(await read('HEADER.FIELDS', ['x-field-3', 'X-FIELD-7'])).toBe(`${of('37')}\r\n`)
  expect(await read('HEADER.FIELDS.NOT', ['x-field-3', 'X-FIELD-7'])).toBe(`${of('01245689')}\r\n`)
  expect(await read('HEADER.FIELDS', ['x-field'])).toBe('\r\n')
  const section = { part: [], text: 'HEADER.FIELDS', names: ['x-field-3'] } as const
  const { longest, total } = await longestHold(stored.section(section))
  expect(longest / total, `${longest} of ${total} ms`).toBeLessThan(0.4)
})
