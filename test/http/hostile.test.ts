// The HTTP API in hostile hands: each request gets a 4xx with an error, never a 500, and the server goes on.
import { connect, type Socket } from 'node:net'
import { networkInterfaces } from 'node:os'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { runEider, startServer, type TestServer } from '../server.js'
import { wanted } from '../wire/required.js'

let server: TestServer
let token = ''
beforeAll(async () => {
  server = await startServer()
  await server.createUser('victim', 'secret', 'victim@example.com')
  token = JSON.parse((await runEider(['--data', server.dir, 'token', 'create', '--json'])).stdout).token
})
afterAll(async () => {
  expect((await server.http('/healthz')).status).toBe(200)
  expect(server.log()).not.toMatch(/http-failed|"level":"error"/)
  await server.stop()
})

/** Sends the octets as they are and returns what comes until the server closes or has answered. */
/** Octets sent at once, by a client that stops sending when it is answered. */
const PIECE = 32_768

async function raw(request: string | Buffer): Promise<string> {
  const socket = connect(server.port('http'), '127.0.0.1')
  socket.setTimeout(5_000, () => socket.destroy())
  socket.on('error', () => {})
  let answer = ''
  socket.setEncoding('utf8').on('data', (text: string) => {
    answer += text
    const head = answer.indexOf('\r\n\r\n')
    const length = /content-length: (\d+)/i.exec(answer)
    if (head > 0 && length !== null && Buffer.byteLength(answer.slice(head + 4)) >= Number(length[1]))
      socket.destroy()
  })
  const closed = new Promise((resolve) => socket.once('close', resolve))
  const octets = Buffer.from(request as string)
  // What comes in behind an answer resets the connection, and may take the answer with it before it is read.
  for (let at = 0; at < octets.length && answer === '' && !socket.destroyed; at += PIECE)
    await new Promise<void>((resolve) => {
      socket.write(octets.subarray(at, at + PIECE), () => resolve())
    })
  await closed
  return answer
}

const status = (answer: string): number => Number(/^HTTP\/1\.1 (\d{3})/.exec(answer)?.[1])

/** A GET of the victim's account with these header lines instead of the usual ones. */
const get = (lines: readonly string[], version = '1.1') =>
  raw(`${[`GET /user?username=victim HTTP/${version}`, ...lines].join('\r\n')}\r\n\r\n`)

const json = (body: string, headers: Record<string, string> = {}) =>
  server.http('/user/create', {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body,
  })

describe('without a token, only a program on this machine is let in', () => {
  const local = () => `Host: 127.0.0.1:${server.port('http')}`

  test('the log says so, and what to do where something forwards', () => {
    expect(server.log()).toMatch(/set http\.requireToken=true","event":"http-without-token"/)
  })

  test('as such it is', async () => {
    expect(status(await get([local()]))).toBe(200)
    expect(status(await get(['Host: localhost']))).toBe(200)
    expect(status(await get([local(), `Origin: http://127.0.0.1:${server.port('http')}`]))).toBe(200)
  })

  test.each([
    ['foreign Host', ['Host: mail.example.com']],
    ['foreign Host with our port', ['Host: evil.example:8080']],
    ['Host that begins like ours', ['Host: 127.0.0.1.evil.example']],
    ['Host of localhost under a domain', ['Host: localhost.evil.example']],
    ['Host with a user', ['Host: localhost@evil.example']],
    ['empty Host', ['Host: ']],
    ['foreign Origin', ['Host: localhost', 'Origin: https://evil.example']],
    ['null Origin', ['Host: localhost', 'Origin: null']],
    ['Origin on another port', ['Host: localhost:8080', 'Origin: http://localhost:3000']],
    ['a foreign page', ['Host: localhost', 'Sec-Fetch-Site: cross-site']],
    ['Forwarded', ['Host: localhost', 'Forwarded: for=127.0.0.1']],
    ['X-Forwarded-For', ['Host: localhost', 'X-Forwarded-For: 127.0.0.1']],
    ['X-Forwarded-Host', ['Host: localhost', 'X-Forwarded-Host: localhost']],
    ['X-Forwarded-Proto', ['Host: localhost', 'x-forwarded-proto: http']],
    ['X-Real-IP', ['Host: localhost', 'X-Real-IP: 127.0.0.1']],
    ['Via', ['Host: localhost', 'Via: 1.1 proxy']],
  ])('%s needs one', async (_, lines) => {
    const refused = await get(lines)
    expect(status(refused)).toBe(401)
    expect(refused).toMatch(/www-authenticate: bearer/i)
    expect(refused).toContain('"code":"token-required"')
    expect(status(await get([...lines, `Authorization: Bearer ${token}`]))).toBe(200)
  })

  test('HTTP/1.0 needs one', async () => {
    expect(status(await get(['Host: localhost'], '1.0'))).toBe(401)
    expect(status(await get([], '1.0'))).toBe(401)
    expect(status(await get(['Host: localhost', `Authorization: Bearer ${token}`], '1.0'))).toBe(200)
  })

  test('two Hosts, or none, are refused', async () => {
    expect(status(await get(['Host: localhost', 'Host: evil.example']))).toBe(400)
    expect(
      status(await get(['Host: localhost', 'Host: evil.example', `Authorization: Bearer ${token}`])),
    ).toBe(400)
    const none = await get([])
    expect(status(none)).toBe(400)
    expect(none).toContain('{"success":false,"error":"no Host","code":"invalid-input"}')
  })

  test('an Expect that nobody knows is refused in words', async () => {
    const answer = await get(['Host: localhost', 'Expect: the-impossible'])
    expect(status(answer)).toBe(417)
    expect(answer).toContain('"code":"expectation-failed"')
  })

  test('a wrong token is refused, also from here', async () => {
    for (const wrong of ['Bearer eider_x', `Bearer ${token}x`, `Bearer ${'A'.repeat(400)}`]) {
      expect(status(await get(['Host: localhost', `Authorization: ${wrong}`]))).toBe(401)
    }
  })

  test('health and documentation are open, figures are not', async () => {
    for (const path of ['/healthz', '/readyz', '/docs', '/openapi.json']) {
      expect(status(await raw(`GET ${path} HTTP/1.1\r\nHost: evil.example\r\n\r\n`))).toBe(200)
    }
    expect(status(await raw('GET /metrics HTTP/1.1\r\nHost: evil.example\r\n\r\n'))).toBe(401)
    expect(status(await raw('GET /nothing HTTP/1.1\r\nHost: evil.example\r\n\r\n'))).toBe(401)
  })
})

describe('with http.requireToken', () => {
  test('a token is needed by everybody, and stops with its revocation', async () => {
    const strict = await startServer({ set: { 'http.requireToken': 'true' } })
    try {
      const made = JSON.parse((await runEider(['--data', strict.dir, 'token', 'create', '--json'])).stdout)
      const headers = { authorization: `Bearer ${made.token}` }
      expect((await strict.http('/user?username=x')).status).toBe(401)
      expect((await strict.http('/user?username=x', { headers })).status).toBe(404)
      expect((await strict.http('/readyz')).status).toBe(200)
      await runEider(['--data', strict.dir, 'token', 'revoke', made.id])
      expect((await strict.http('/user?username=x', { headers })).status).toBe(401)
      expect(strict.log()).not.toContain(made.token)
    } finally {
      await strict.stop()
    }
  })
})

describe('injection', () => {
  test.each([
    ['operator object', '{"username":{"$gt":""},"password":"x"}'],
    ['operator in the password', '{"username":"a","password":{"$ne":null}}'],
    ['array', '{"username":["a"],"password":"x"}'],
    ['number', '{"username":1,"password":"x"}'],
    ['null', '{"username":null,"password":"x"}'],
    ['boolean', '{"username":true,"password":"x"}'],
    ['prototype', '{"__proto__":{"username":"a"},"password":"x"}'],
    ['constructor', '{"constructor":{"prototype":{"username":"a"}},"password":"x"}'],
    ['SQL in the name', `{"username":"'; DROP TABLE accounts; --","password":"x"}`],
    ['SQL comment', '{"username":"victim\\"--","password":"x"}'],
    ['NUL in the name', '{"username":"a\\u0000b","password":"x"}'],
    ['lone surrogate', '{"username":"a\\ud800","password":"x"}'],
    ['line break', '{"username":"a\\r\\nb","password":"x"}'],
    ['path', '{"username":"../../etc/passwd","password":"x"}'],
    ['array as body', '[]'],
    ['text as body', '"username"'],
    ['null as body', 'null'],
    ['nothing as body', ''],
    ['broken JSON', '{"username":'],
    ['deep JSON', `${'['.repeat(20_000)}${']'.repeat(20_000)}`],
    ['huge number', '{"username":"a","password":"x","quota":1e400}'],
    ['quota beyond integers', '{"username":"a","password":"x","quota":9007199254740993}'],
  ])('%s', async (_, body) => {
    const response = await json(body)
    expect(response.status).toBe(400)
    expect(await response.json()).toEqual({
      success: false,
      error: expect.any(String),
      code: expect.any(String),
    })
  })

  test.each([
    'username[$gt]=',
    'username=victim&username=other',
    'username=%27%20OR%201%3D1--',
    'username=%00',
    'username=%ff%fe',
    'username[]=victim',
    '',
  ])('query %s', async (query) => {
    const response = await server.http(`/user?${query}`)
    expect([400, 404]).toContain(response.status)
    expect(await response.json()).toMatchObject({ success: false, code: expect.any(String) })
  })

  test('a query that could mean everybody means nobody', async () => {
    for (const pattern of ['%25', '*', '_', '.*', '%']) {
      const response = await server.http(`/user?username=${pattern}`)
      expect([400, 404]).toContain(response.status)
    }
  })
})

describe('over-long', () => {
  test.each([
    ['user name', '/user/create', { username: 'x'.repeat(257), password: 'x' }, 400],
    ['password', '/user/create', { username: 'long', password: 'x'.repeat(1025) }, 400],
    ['password in octets', '/user/create', { username: 'long', password: 'ш'.repeat(1000) }, 400],
    [
      'address',
      '/user/address/create',
      { username: 'victim', address: `${'a'.repeat(320)}@example.com` },
      400,
    ],
    ['domain', '/user/address/create', { username: 'victim', address: `a@${'b'.repeat(64)}.com` }, 400],
    ['body', '/user/create', { username: 'x'.repeat(1_000_000), password: 'x' }, 413],
  ])('%s', async (_, path, body, expected) => {
    const response = await server.http(path, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
    expect(response.status).toBe(expected)
    expect(await response.json()).toMatchObject({ success: false })
  })

  test('a header of 100 KB', async () => {
    expect(status(await get(['Host: localhost', `X-Long: ${'x'.repeat(100_000)}`]))).toBe(431)
  })

  test('100,000 header lines', async () => {
    const answer = await get(['Host: localhost', ...Array.from({ length: 100_000 }, () => 'X: y')])
    expect([200, 400, 431]).toContain(status(answer))
  })

  test('a path of 100 KB', async () => {
    expect([404, 414, 431]).toContain(
      status(await raw(`GET /${'x'.repeat(100_000)} HTTP/1.1\r\nHost: localhost\r\n\r\n`)),
    )
  })

  test('a chunked body without end', async () => {
    const piece = `10000\r\n${'x'.repeat(0x10000)}\r\n`
    const answer = await raw(
      `POST /user/create HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n${piece.repeat(20)}`,
    )
    expect(status(answer)).toBe(413)
  })
})

describe('not HTTP as it should be', () => {
  test.each([
    ['no HTTP', 'EHLO example.com\r\n\r\n', 400],
    ['octets', Buffer.from([0x16, 0x03, 0x01, 0x00, 0xff, 0x00, 0x0d, 0x0a]), 400],
    [
      'two lengths',
      'POST /user/create HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}',
      400,
    ],
    [
      'length and chunks',
      'POST /user/create HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
      400,
    ],
    ['folded header', 'GET /user HTTP/1.1\r\nHost: localhost\r\nX: a\r\n b\r\n\r\n', 400],
    ['space before the colon', 'GET /user HTTP/1.1\r\nHost : localhost\r\n\r\n', 400],
    ['strange method', 'BREW /user HTTP/1.1\r\nHost: localhost\r\n\r\n', 400],
    ['method that is not there', 'DELETE /user HTTP/1.1\r\nHost: localhost\r\n\r\n', 404],
    ['bad percent', 'GET /user%zz HTTP/1.1\r\nHost: localhost\r\n\r\n', 400],
  ])('%s', async (_, request, expected) => {
    const answer = await raw(request)
    expect(status(answer)).toBe(expected)
    expect(JSON.parse(answer.slice(answer.indexOf('\r\n\r\n')))).toMatchObject({ success: false })
  })

  test('a content type that is not known', async () => {
    for (const type of ['text/plain', 'application/xml', 'multipart/form-data; boundary=x', 'x']) {
      const response = await json('{"username":"a","password":"x"}', { 'content-type': type })
      expect(response.status).toBe(415)
      expect(await response.json()).toMatchObject({ success: false, code: 'unsupported-content-type' })
    }
  })
})

describe('limits of connections', () => {
  // An address of this machine that is not loopback's.
  const stranger = Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .find(({ internal, family }) => !internal && family === 'IPv4')?.address
  const there = stranger !== undefined
  const skip = wanted(there, 'an address that is not loopback', 'HTTP connections of one address')
  let limited: TestServer
  const sockets: Socket[] = []
  afterEach(async () => {
    for (const socket of sockets.splice(0)) socket.destroy()
    await limited.stop()
  })

  /** How the answer to a new connection begins; '' where it is refused. */
  function connectFrom(localAddress: string): Promise<string> {
    const socket = connect({ port: limited.port('http'), host: '127.0.0.1', localAddress })
    sockets.push(socket)
    socket.on('error', () => {})
    socket.write('GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n')
    return new Promise((resolve) => {
      socket.once('data', (octets: Buffer) => resolve(octets.toString().slice(0, 12)))
      socket.once('close', () => resolve(''))
    })
  }
  const refusals = () => limited.log().match(/"event":"connection-refused"/g)?.length

  test('in all', async () => {
    limited = await startServer({ set: { 'http.maxConnections': '2' } })
    for (let i = 0; i < 2; i++) expect(await connectFrom('127.0.0.1')).toBe('HTTP/1.1 200')
    expect(await connectFrom('127.0.0.1')).toBe('')
    await expect.poll(refusals).toBe(1)
    sockets[0]?.destroy()
    await expect.poll(() => connectFrom('127.0.0.1')).toBe('HTTP/1.1 200')
  })

  test.skipIf(!there)(`of one address, which keeps nobody else out${skip}`, async () => {
    limited = await startServer({ set: { 'http.maxConnectionsPerAddress': '2' } })
    for (let i = 0; i < 2; i++) expect(await connectFrom(stranger ?? '')).toBe('HTTP/1.1 200')
    expect(await connectFrom(stranger ?? '')).toBe('')
    await expect.poll(refusals).toBe(1)
    for (let i = 0; i < 3; i++) expect(await connectFrom('127.0.0.1')).toBe('HTTP/1.1 200')
  })
})

describe('pipelined', () => {
  const one = 'GET /readyz HTTP/1.1\r\nHost: localhost\r\n\r\n'
  /** What comes until the connection ends, or as many answers have come as were asked for. */
  function pipeline(request: string, times: number): Promise<number> {
    const socket = connect(server.port('http'), '127.0.0.1')
    let text = ''
    const answers = () => text.split('HTTP/1.1 ').length - 1
    socket.on('error', () => {})
    socket.setEncoding('utf8').on('data', (more: string) => {
      text += more
      if (answers() === times) socket.destroy()
    })
    socket.write(request.repeat(times))
    return new Promise((resolve) => socket.once('close', () => resolve(answers())))
  }
  const cutOff = () => server.log().match(/"event":"too-many-requests"/g)?.length ?? 0

  test('sixteen at once are answered', async () => {
    expect(await pipeline(one, 16)).toBe(16)
    expect(cutOff()).toBe(0)
  })

  test.each([
    ['requests', one],
    ['requests in HTTP/1.0', 'GET /readyz HTTP/1.0\r\nConnection: keep-alive\r\n\r\n'],
    ['requests of what is not there', 'GET /nothing HTTP/1.1\r\nHost: localhost\r\n\r\n'],
  ])('who sends thousands of %s and waits for no answer is cut off', async (_, request) => {
    const before = cutOff()
    expect(await pipeline(request, 5_000)).toBeLessThan(5_000)
    await expect.poll(cutOff).toBe(before + 1)
  })

  test('who waits for each answer is not, however many they are', async () => {
    const before = cutOff()
    for (let n = 0; n < 100; n++) expect((await server.http('/healthz')).status).toBe(200)
    expect(cutOff()).toBe(before)
  })
})

test('an address already taken', async () => {
  await server.createUser('other', 'secret')
  for (const address of ['victim@example.com', 'VICTIM@EXAMPLE.COM', '"victim"@example.com']) {
    const response = await server.http('/user/address/create', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ username: 'other', address }),
    })
    expect(response.status).toBe(409)
    expect(await response.json()).toMatchObject({ success: false, code: 'address-exists' })
  }
})

test('the same account made twenty times at once is made once', async () => {
  const answers = await Promise.all(
    Array.from({ length: 20 }, () =>
      json('{"username":"racer","password":"x"}').then((response) => response.status),
    ),
  )
  expect(answers.filter((one) => one === 200)).toHaveLength(1)
  expect(answers.filter((one) => one === 409)).toHaveLength(19)
})

test('no password and no token ever stands in the log', () => {
  expect(server.log()).not.toMatch(/secret|eider_[A-Za-z0-9_-]{43}/)
})
