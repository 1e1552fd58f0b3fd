// The HTTP API as the WildDuck 1.0.11 documentation shows it: every request and every answer, key for key.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startServer, type TestServer } from '../server.js'

const HEX = /^[0-9a-f]{24}$/

let server: TestServer
beforeAll(async () => {
  server = await startServer()
})
afterAll(async () => {
  await server.stop()
})

async function post(path: string, body: object): Promise<{ status: number; body: unknown }> {
  const response = await server.http(path, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  return { status: response.status, body: await response.json() }
}

async function get(path: string): Promise<{ status: number; body: unknown }> {
  const response = await server.http(path)
  expect(response.headers.get('content-type')).toMatch(/^application\/json/)
  return { status: response.status, body: await response.json() }
}

describe('as documented', () => {
  test('POST /user/create', async () => {
    expect(await post('/user/create', { username: 'testuser', password: 'secretpass' })).toEqual({
      status: 200,
      body: { success: true, username: 'testuser' },
    })
  })

  test('POST /user/address/create', async () => {
    expect(await post('/user/address/create', { username: 'testuser', address: 'user@example.com' })).toEqual(
      {
        status: 200,
        body: { success: true, username: 'testuser', address: 'user@example.com' },
      },
    )
    expect(
      await post('/user/address/create', { username: 'testuser', address: 'андрис@уайлддак.орг' }),
    ).toEqual({
      status: 200,
      body: { success: true, username: 'testuser', address: 'андрис@уайлддак.орг' },
    })
  })

  test('POST /user/quota', async () => {
    const answer = { success: true, username: 'testuser' }
    expect((await post('/user/quota', { username: 'testuser', quota: 1234567 })).body).toEqual({
      ...answer,
      previousQuota: 0,
      quota: 1234567,
    })
    expect((await post('/user/quota', { username: 'testuser' })).body).toEqual({
      ...answer,
      previousQuota: 1234567,
      quota: 0,
    })
    expect((await post('/user/quota', { username: 'testuser', quota: 1234567 })).status).toBe(200)
  })

  test('POST /user/quota/reset', async () => {
    expect((await post('/user/quota/reset', { username: 'testuser' })).body).toEqual({
      success: true,
      username: 'testuser',
      previousStorageUsed: 0,
      storageUsed: 0,
    })
  })

  test('POST /user/password', async () => {
    expect((await post('/user/password', { username: 'testuser', password: 'newpass' })).body).toEqual({
      success: true,
      username: 'testuser',
    })
  })

  test('GET /user', async () => {
    const { status, body } = await get('/user?username=testuser')
    expect(status).toBe(200)
    const address = {
      id: expect.stringMatching(HEX),
      created: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
    }
    expect(body).toEqual({
      success: true,
      username: 'testuser',
      quota: 1234567,
      storageUsed: 0,
      addresses: [
        { ...address, address: 'user@example.com', main: true },
        { ...address, address: 'андрис@уайлддак.орг', main: false },
      ],
    })
  })

  test('GET /user, where the default quota applies', async () => {
    await post('/user/create', { username: 'default', password: 'x' })
    expect((await get('/user?username=default')).body).toMatchObject({ quota: 2 ** 30, addresses: [] })
  })

  test('GET /user/mailboxes', async () => {
    const { status, body } = await get('/user/mailboxes?username=testuser')
    expect(status).toBe(200)
    const mailbox = (path: string, special: string) => ({
      id: expect.stringMatching(HEX),
      path,
      special,
      messages: 0,
    })
    expect(body).toEqual({
      success: true,
      username: 'testuser',
      mailboxes: [
        mailbox('INBOX', 'Inbox'),
        mailbox('Archive', 'Archive'),
        mailbox('Drafts', 'Drafts'),
        mailbox('Junk', 'Junk'),
        mailbox('Sent Mail', 'Sent'),
        mailbox('Trash', 'Trash'),
      ],
    })
  })
})

test('a user is found by any of the addresses', async () => {
  const { body } = await get(`/user?username=${encodeURIComponent('андрис@xn--80aalaxjd5d.xn--c1avg')}`)
  expect(body).toMatchObject({ username: 'testuser' })
})

test('a form is as good as JSON', async () => {
  const form = (path: string, fields: Record<string, string>) =>
    server
      .http(path, { method: 'POST', body: new URLSearchParams(fields) })
      .then((response) => response.json())
  expect(await form('/user/create', { username: 'former', password: 'x', quota: '5000' })).toEqual({
    success: true,
    username: 'former',
  })
  await form('/user/address/create', { username: 'former', address: 'first@example.com' })
  await form('/user/address/create', { username: 'former', address: 'ünï@example.com', main: 'true' })
  expect((await get('/user?username=former')).body).toMatchObject({
    quota: 5000,
    addresses: [
      { address: 'first@example.com', main: false },
      { address: 'ünï@example.com', main: true },
    ],
  })
  expect(await form('/user/quota', { username: 'former', quota: 'much' })).toMatchObject({
    code: 'invalid-input',
  })
})

test.each<[string, string, object, number, string]>([
  ['unknown user', '/user/quota', { username: 'nobody' }, 404, 'no-such-account'],
  ['user that exists', '/user/create', { username: 'TestUser', password: 'x' }, 409, 'account-exists'],
  [
    'name that is an address',
    '/user/create',
    { username: 'user@example.com', password: 'x' },
    409,
    'account-exists',
  ],
  ['name with a space', '/user/create', { username: 'test user', password: 'x' }, 400, 'invalid-username'],
  ['no password', '/user/create', { username: 'x' }, 400, 'invalid-input'],
  ['empty password', '/user/create', { username: 'x', password: '' }, 400, 'invalid-input'],
  [
    'password that is not UTF-8',
    '/user/create',
    { username: 'x', password: 'a\ufffd' },
    400,
    'invalid-password',
  ],
  ['password with a NUL', '/user/create', { username: 'x', password: 'a\0b' }, 400, 'invalid-password'],
  ['negative quota', '/user/quota', { username: 'testuser', quota: -1 }, 400, 'invalid-input'],
  ['broken quota', '/user/quota', { username: 'testuser', quota: 1.5 }, 400, 'invalid-input'],
  ['quota as text', '/user/quota', { username: 'testuser', quota: '5' }, 400, 'invalid-input'],
  [
    'label',
    '/user/address/create',
    { username: 'testuser', address: 'a+b@example.com' },
    400,
    'invalid-address',
  ],
  ['no address', '/user/address/create', { username: 'testuser', address: 'a' }, 400, 'invalid-address'],
])('refused: %s', async (_, path, body, status, code) => {
  expect(await post(path, body)).toEqual({
    status,
    body: { success: false, error: expect.any(String), code },
  })
})

test('the OpenAPI document describes every route', async () => {
  const { body } = await get('/openapi.json')
  expect(body).toMatchObject({ openapi: '3.1.0' })
  expect(Object.keys((body as { paths: object }).paths).sort()).toEqual([
    '/healthz',
    '/readyz',
    '/user',
    '/user/address/create',
    '/user/create',
    '/user/mailboxes',
    '/user/password',
    '/user/quota',
    '/user/quota/reset',
  ])
  const page = await (await server.http('/docs')).text()
  expect(page).toContain('/user/quota/reset')
  expect(page).not.toMatch(/<script|https?:\/\//)
})

test('what is open needs no token by the OpenAPI document either, and forms stand in it', async () => {
  const { paths } = (await get('/openapi.json')).body as { paths: Record<string, Record<string, object>> }
  expect(paths['/healthz']?.['get']).toMatchObject({ security: [] })
  expect(paths['/readyz']?.['get']).toMatchObject({ security: [] })
  expect(paths['/user/create']?.['post']).toMatchObject({
    requestBody: { content: { 'application/json': {}, 'application/x-www-form-urlencoded': {} } },
  })
})

test('HEAD is answered where GET is', async () => {
  for (const path of ['/healthz', '/readyz', '/docs', '/openapi.json']) {
    const answer = await server.http(path, { method: 'HEAD' })
    expect([answer.status, await answer.text()]).toEqual([200, ''])
  }
})

test('health, readiness and figures', async () => {
  expect(await get('/healthz')).toEqual({ status: 200, body: { ok: true } })
  expect(await get('/readyz')).toEqual({ status: 200, body: { ok: true, store: 'ok', bus: 'ok' } })
  const figures = await (await server.http('/metrics')).text()
  expect(figures).toMatch(/^eider_connections\{listener="http"\} \d+$/m)
  expect(figures).toMatch(
    /^eider_http_request_seconds_count\{route="POST \/user\/create",status="200"\} \d+$/m,
  )
})
