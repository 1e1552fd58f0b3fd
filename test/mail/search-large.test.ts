// SEARCH over a large message: others have their turn while it runs, whoever asked may leave, and reading in pieces finds
// what reading at a stretch finds.
import { setImmediate } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createAccount } from '../../src/mail/accounts.js'
import { appendMessages } from '../../src/mail/append.js'
import { INBOX_ID } from '../../src/mail/deliver.js'
import { ingest } from '../../src/mail/intake.js'
import { type SearchScope, search } from '../../src/mail/search.js'
import type { SearchQuery } from '../../src/mail/search-query.js'
import { longestHold } from '../support/longest-hold.js'
import { type OpenServices, openServices } from '../support/services.js'

let services: OpenServices
let scope: SearchScope

const LARGE = 24 * 2 ** 20
const PARAGRAPH = '<p class="x">Lorem <b>ipsum</b> dolor &amp; sit, <i>amet</i></p>\r\n'

async function append(source: Buffer): Promise<number> {
  const message = { ingested: await ingest(services, source), flags: [], internalDate: { at: 0, zone: 0 } }
  const [appended] = await appendMessages(services, scope.account, INBOX_ID, [message])
  return appended?.uid ?? 0
}

const html = (body: string): Buffer => Buffer.from(`Subject: x\r\nContent-Type: text/html\r\n\r\n${body}`)

beforeAll(async () => {
  services = await openServices()
  const { id } = await createAccount(services, { username: 'finder', password: 'secret' })
  scope = { account: id, mailbox: INBOX_ID, view: new Uint32Array(), isRecent: () => false }
  const uid = await append(html(`${PARAGRAPH.repeat(LARGE / PARAGRAPH.length)}<p>the <u>ei</u>der</p>`))
  scope = { ...scope, view: Uint32Array.of(uid) }
})
afterAll(() => services.close())

test('while a large HTML part is searched, others have their turn', async () => {
  const searching = search(services, scope, { kind: 'body', value: 'the eider' })
  const { longest, total } = await longestHold(searching)
  expect([...(await searching)]).toEqual([...scope.view])
  expect(longest / total, `${longest} of ${total} ms`).toBeLessThan(0.2)
})

test('many keys over a large text: others have their turn', async () => {
  const keys = Array.from({ length: 300 }, (_, at): SearchQuery => ({ kind: 'body', value: `nowhere ${at}` }))
  const searching = search(services, scope, { kind: 'or', of: keys })
  const { longest, total } = await longestHold(searching)
  expect([...(await searching)]).toEqual([])
  expect(longest / total, `${longest} of ${total} ms`).toBeLessThan(0.2)
})

test('a search whose client has left ends', async () => {
  const leaving = new AbortController()
  const searching = search(services, scope, { kind: 'body', value: 'nowhere' }, leaving.signal)
  await setImmediate()
  leaving.abort()
  await expect(searching).rejects.toMatchObject({ name: 'AbortError' })
})
