// Bodies and queries at random against every route of the HTTP API: each gets an answer in the API's own form, none a
// failure of the server, and nothing grows. FUZZ_RUNS says how many; fast-check prints the seed of a failure.
import { Agent, request } from 'node:http'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createHttpServer, type HttpServer } from '../../src/http/server.js'
import { Metrics } from '../../src/kit/metrics.js'
import { createAccount } from '../../src/mail/accounts.js'
import { octetsInUse } from '../support/collect-garbage.js'
import { type OpenServices, openServices } from '../support/services.js'

const RUNS = Number(process.env['FUZZ_RUNS'] ?? 2000)
const ROUTES = ['/user/create', '/user/address/create', '/user/quota', '/user/quota/reset', '/user/password']
const STATUSES = [200, 400, 404, 409, 413, 415]

let services: OpenServices
let server: HttpServer
let port = 0
const agent = new Agent({ keepAlive: true })
beforeAll(async () => {
  services = await openServices()
  await createAccount(services, { username: 'known', password: 'secret' })
  const limits = { maxConnections: 100, maxPerAddress: 100 }
  const options = { requireToken: false, ...limits, requestMs: 30_000, version: '0' }
  server = await createHttpServer(services, new Metrics(), options)
  port = (await server.listen('127.0.0.1', 0)).port
})
afterAll(async () => {
  agent.destroy()
  await server.close(1_000)
  await services.close()
})

interface Answer {
  readonly status: number
  readonly body: { success?: boolean; error?: string; code?: string }
}

function ask(method: string, path: string, type: string, body: Buffer): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': type, 'content-length': body.length }
    const asked = request({ host: '127.0.0.1', port, agent, method, path, headers }, (response) => {
      const pieces: Buffer[] = []
      response.on('data', (piece: Buffer) => pieces.push(piece))
      response.on('end', () => {
        const text = Buffer.concat(pieces).toString()
        resolve({ status: response.statusCode ?? 0, body: JSON.parse(text) as Answer['body'] })
      })
    })
    asked.on('error', reject)
    asked.end(body)
  })
}

const word = fc.oneof(
  fc.constantFrom(
    'known',
    'KNOWN',
    'nobody',
    'a@example.com',
    'андрис@уайлддак.орг',
    '',
    '\u0000',
    '{"$gt":""}',
    "' OR 1=1",
  ),
  fc.string({ unit: 'binary', maxLength: 400 }),
)
const value: fc.Arbitrary<unknown> = fc.oneof(
  { weight: 3, arbitrary: word },
  fc.jsonValue({ maxDepth: 3 }),
  fc.integer(),
  fc.double(),
)
const asText = (given: unknown): string => (typeof given === 'string' ? given : (JSON.stringify(given) ?? ''))
const fields = fc.record(
  {
    username: value,
    password: fc.constantFrom('', 1, null, 'x'.repeat(2000), { $ne: 1 }),
    quota: value,
    address: value,
    main: value,
  },
  { requiredKeys: [] },
)
const body = fc.oneof(
  fields.map((object) => Buffer.from(JSON.stringify(object) ?? '')),
  fields.map((object) =>
    Buffer.from(
      new URLSearchParams(
        Object.fromEntries(Object.entries(object).map(([name, given]) => [name, asText(given)])),
      ).toString(),
    ),
  ),
  fc.jsonValue({ maxDepth: 8 }).map((any) => Buffer.from(JSON.stringify(any) ?? '')),
  fc.uint8Array({ maxLength: 300 }).map((octets) => Buffer.from(octets)),
  fc.tuple(fields, fc.nat(), fc.nat(255)).map(([object, at, octet]) => {
    const octets = Buffer.from(JSON.stringify(object) ?? '')
    if (octets.length > 0) octets[at % octets.length] = octet
    return octets
  }),
)
const type = fc.constantFrom(
  'application/json',
  'application/json; charset=utf-8',
  'application/x-www-form-urlencoded',
  'text/plain',
)

test(`any body has an answer (${RUNS} runs)`, { timeout: 600_000 }, async () => {
  const before = octetsInUse()
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...ROUTES), type, body, async (path, contentType, octets) => {
      const answer = await ask('POST', path, contentType, octets)
      expect(STATUSES).toContain(answer.status)
      expect(answer.body.success).toBe(answer.status === 200)
      if (answer.status !== 200) expect(Object.keys(answer.body)).toEqual(['success', 'error', 'code'])
    }),
    { numRuns: RUNS },
  )
  expect(octetsInUse() - before).toBeLessThan(64 * 2 ** 20)
})

test(`any query has an answer (${RUNS} runs)`, { timeout: 600_000 }, async () => {
  const query = fc.oneof(
    word.filter((text) => !/\p{Cs}/u.test(text)).map((text) => `username=${encodeURIComponent(text)}`),
    fc.webQueryParameters(),
    fc.string({ unit: fc.constantFrom(...'%&=[]$+#?;user0fF') }),
  )
  await fc.assert(
    fc.asyncProperty(fc.constantFrom('/user', '/user/mailboxes'), query, async (path, text) => {
      const answer = await ask('GET', `${path}?${text.slice(0, 2000)}`, 'application/json', Buffer.alloc(0))
      expect(STATUSES).toContain(answer.status)
      expect(answer.body.success).toBe(answer.status === 200)
    }),
    { numRuns: RUNS },
  )
})
