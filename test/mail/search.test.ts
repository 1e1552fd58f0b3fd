// SEARCH against a naive evaluator: random queries over messages whose every property the test knows.
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createAccount } from '../../src/mail/accounts.js'
import { appendMessages } from '../../src/mail/append.js'
import { INBOX_ID } from '../../src/mail/deliver.js'
import { ingest } from '../../src/mail/intake.js'
import { search } from '../../src/mail/search.js'
import type { SearchQuery } from '../../src/mail/search-query.js'
import type { AccountId } from '../../src/model/ids.js'
import { type OpenServices, openServices } from '../support/services.js'

const WORDS = ['eider', 'Ente', 'Straße', 'STRASSE', 'ÉTÉ', 'été', 'Ελλάς', 'андрис', 'x']
const FLAGS = ['\\Seen', '\\Flagged', '$Forwarded', 'NonJunk']
const DAY = 86_400_000

interface Known {
  readonly uid: number
  readonly flags: readonly string[]
  readonly subject: string
  readonly body: string
  readonly from: string
  readonly size: number
  readonly at: number
}

const fold = (text: string): string =>
  text.normalize('NFD').toLowerCase().toUpperCase().toLowerCase().normalize('NFC')
const has = (text: string, value: string): boolean => fold(text).includes(fold(value))

let services: OpenServices
let account: AccountId
const known: Known[] = []

function build(i: number): { source: Buffer; subject: string; body: string; from: string } {
  const subject = `${WORDS[i % 9]} ${WORDS[(i * 5) % 9]}`
  const body = `${WORDS[(i * 3) % 9]} und ${WORDS[(i * 7) % 9]}\r\n`
  const from = `${WORDS[(i * 2) % 9]} <user${i % 4}@example.com>`
  const encoded = `=?utf-8?B?${Buffer.from(subject).toString('base64')}?=`
  const name = `=?utf-8?Q?${encodeURIComponent(WORDS[(i * 2) % 9] ?? '').replaceAll('%', '=')}?= <user${i % 4}@example.com>`
  const head = `From: ${name}\r\nSubject: ${encoded}\r\nX-Number: n${i}\r\n`
  const base64 = i % 3 === 0
  const coding = base64 ? 'base64' : '8bit'
  const text = base64 ? `${Buffer.from(body).toString('base64')}\r\n` : body
  const type = `Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: ${coding}\r\n\r\n`
  return { source: Buffer.from(head + type + text), subject, body, from }
}

beforeAll(async () => {
  services = await openServices()
  account = (await createAccount(services, { username: 'finder', password: 'secret' })).id
  for (let i = 0; i < 60; i++) {
    const { source, ...rest } = build(i)
    const flags = FLAGS.filter((_, bit) => ((i >> bit) & 1) === 1)
    const at = 1_600_000_000_000 + i * DAY
    const message = { ingested: await ingest(services, source), flags, internalDate: { at, zone: 60 } }
    const [appended] = await appendMessages(services, account, INBOX_ID, [message])
    known.push({ uid: appended?.uid ?? 0, flags, size: source.length, at, ...rest })
  }
})
afterAll(() => services.close())

function naive(query: SearchQuery, message: Known): boolean {
  switch (query.kind) {
    case 'all':
      return true
    case 'and':
      return query.of.every((key) => naive(key, message))
    case 'or':
      return query.of.some((key) => naive(key, message))
    case 'not':
      return !naive(query.of, message)
    case 'flag':
      return message.flags.some((flag) => fold(flag) === fold(query.name)) === query.set
    case 'recent':
      return message.uid > 30 === query.set
    case 'uids':
      return query.set.some(({ from, to }) => message.uid >= from && message.uid <= to)
    case 'size':
      return query.op === 'larger' ? message.size > query.octets : message.size < query.octets
    case 'date': {
      if (query.field === 'sent') return false
      const day = Math.floor((message.at + 3_600_000) / DAY)
      return query.op === 'on'
        ? day === query.day
        : query.op === 'before'
          ? day < query.day
          : day >= query.day
    }
    case 'subject':
      return has(message.subject, query.value)
    case 'address':
      return query.field === 'from' && has(message.from, query.value)
    case 'filled':
      return query.field === 'from' || query.field === 'subject'
    case 'header':
      return query.name === 'x-number' && has(`n${message.uid - 1}`, query.value)
    case 'body':
      return has(message.body, query.value)
    case 'text':
      return (
        has(message.body, query.value) || has(message.subject, query.value) || has(message.from, query.value)
      )
  }
}

const word = fc.constantFrom(...WORDS, 'strasse', 'ΕΛΛΑΣ', 'nirgends')
const uid = fc.integer({ min: 1, max: 70 })
const key: fc.Arbitrary<SearchQuery> = fc.oneof(
  fc.constant<SearchQuery>({ kind: 'all' }),
  fc.record({ kind: fc.constant('filled' as const), field: fc.constantFrom('from' as const, 'cc' as const) }),
  fc.record({
    kind: fc.constant('flag' as const),
    name: fc.constantFrom(...FLAGS, '$none', 'nonjunk'),
    set: fc.boolean(),
  }),
  fc.record({ kind: fc.constant('recent' as const), set: fc.boolean() }),
  fc
    .tuple(uid, uid)
    .map(([a, b]) => ({ kind: 'uids' as const, set: [{ from: Math.min(a, b), to: Math.max(a, b) }] })),
  fc.record({
    kind: fc.constant('size' as const),
    op: fc.constantFrom('larger' as const, 'smaller' as const),
    octets: fc.integer({ min: 150, max: 300 }),
  }),
  fc.record({
    kind: fc.constant('date' as const),
    field: fc.constantFrom('internal' as const, 'sent' as const),
    op: fc.constantFrom('before' as const, 'on' as const, 'since' as const),
    day: fc.integer({ min: 18_515, max: 18_585 }),
  }),
  fc.record({ kind: fc.constant('subject' as const), value: word }),
  fc.record({
    kind: fc.constant('address' as const),
    field: fc.constantFrom('from' as const, 'cc' as const),
    value: word,
  }),
  fc.record({
    kind: fc.constant('header' as const),
    name: fc.constantFrom('x-number', 'x-none'),
    value: fc.constantFrom('', 'n1', 'N5', 'q'),
  }),
  fc.record({ kind: fc.constant('body' as const), value: word }),
  fc.record({ kind: fc.constant('text' as const), value: word }),
)

const { query } = fc.letrec<{ query: SearchQuery }>((tie) => ({
  query: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    key,
    fc.record({ kind: fc.constant('not' as const), of: tie('query') }),
    fc.record({
      kind: fc.constantFrom('and' as const, 'or' as const),
      of: fc.array(tie('query'), { minLength: 1, maxLength: 3 }),
    }),
  ),
}))

test('any query finds what the naive evaluator finds', async () => {
  const view = Uint32Array.from(known, ({ uid }) => uid)
  const scope = { account, mailbox: INBOX_ID, view, isRecent: (uid: number) => uid > 30 }
  await fc.assert(
    fc.asyncProperty(query, async (asked) => {
      const found = await search(services, scope, asked)
      expect([...found]).toEqual(known.filter((message) => naive(asked, message)).map(({ uid }) => uid))
    }),
    { numRuns: 300 },
  )
})
