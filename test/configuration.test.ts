// The keys of the configuration reach the running program: servers with odd values, and what a connection sees of each.

import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { networkInterfaces, tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { connect as connectTls } from 'node:tls'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { selfSignedCertificate } from '../src/kit/tls.js'
import { type ListenerName, startServer, type TestServer } from './server.js'
import { wanted } from './wire/required.js'

let server: TestServer

function open(name: ListenerName, localAddress = '127.0.0.1'): Socket {
  const socket = connect({ port: server.port(name), host: '127.0.0.1', localAddress })
  return socket.on('error', () => {})
}

/** A connection that stays; where one before it has not left its place yet, it tries again. */
async function hold(name: ListenerName, localAddress?: string): Promise<Socket> {
  for (;;) {
    const socket = open(name, localAddress)
    const [greeting] = await once(socket, 'data')
    if (/^(?:\* OK|220) /.test(String(greeting))) return socket
  }
}

/** All that the server says until it ends the connection. */
function hear(name: ListenerName, said: string, localAddress?: string): Promise<string> {
  const socket = open(name, localAddress)
  socket.write(said)
  return text(socket)
}

/** A session that begins with these commands, with the tags 0, 1 and so on, and is over then. */
const imap = (commands: readonly string[], localAddress?: string): Promise<string> =>
  hear('imap', [...commands, 'LOGOUT'].map((line, tag) => `${tag} ${line}\r\n`).join(''), localAddress)

/** Whose the certificate is. */
async function certified(): Promise<string | string[] | undefined> {
  const socket = connectTls({ port: server.port('imaps'), host: '127.0.0.1', rejectUnauthorized: false })
  await once(socket, 'secureConnect')
  const { CN } = socket.getPeerCertificate().subject
  socket.destroy()
  return CN
}

/** An address of this machine that is not loopback's. */
const stranger = Object.values(networkInterfaces())
  .flatMap((addresses) => addresses ?? [])
  .find(({ internal, family }) => !internal && family === 'IPv4')?.address
const strangers = wanted(stranger !== undefined, 'an address that is not loopback', 'limits of one address')

describe('times', () => {
  let folder = ''
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'eider-certificate-'))
    const { cert, key } = await selfSignedCertificate(folder, 'own.example')
    server = await startServer({
      set: {
        'imap.loginTimeout': '100ms',
        'smtp.timeout': '100ms',
        'smtp.hostname': 'odd.example',
        'http.timeout': '100ms',
        'tls.certificates': `[{cert = "${cert}", key = "${key}"}]`,
      },
    })
  })
  afterAll(async () => {
    await server.stop()
    rmSync(folder, { recursive: true })
  })

  test('imap.loginTimeout', async () => expect(await hear('imap', '')).toMatch(/^\* BYE/m))

  test('smtp.timeout and smtp.hostname', async () => {
    for (const name of ['smtp', 'lmtp'] as const)
      expect(await hear(name, '')).toMatch(/^220 odd\.example .*\r\n421 4\.4\.2 /)
  })

  test('http.timeout', async () =>
    expect(await hear('http', 'GET /healthz HTTP/1.1\r\n')).not.toContain('200'))

  test('tls.certificates', async () => expect(await certified()).toBe('own.example'))

  test.skipIf(stranger === undefined)(`imap.plaintextLogin is off unless set${strangers}`, async () => {
    expect(await hear('imap', '', stranger)).toMatch(/^\* OK .* LOGINDISABLED/)
  })
})

describe('limits', () => {
  beforeAll(async () => {
    server = await startServer({
      set: {
        'imap.plaintextLogin': 'true',
        'imap.idleTimeout': '100ms',
        'imap.copyMessages': '1',
        'imap.maxConnections': '4',
        'imap.maxConnectionsPerAddress': '1',
        'smtp.hostname': 'made.example',
        'smtp.maxConnections': '2',
        'smtp.maxConnectionsPerAddress': '1',
        'smtp.maxRecipients': '1',
        'auth.failuresPerPair': '1',
        'auth.failuresPerAccount': '2',
        'auth.window': '5s',
      },
    })
    for (const name of ['anna', 'ben']) await server.createUser(name, 'secret', `${name}@example.com`)
  })
  afterAll(() => server.stop())

  test('smtp.hostname, in the certificate that is made', async () =>
    expect(await certified()).toBe('made.example'))

  test('imap.idleTimeout', async () =>
    expect(await hear('imap', '0 LOGIN anna secret\r\n')).toMatch(/^\* BYE/m))

  test('imap.copyMessages', async () => {
    const append = 'APPEND INBOX {1+}\r\nx'
    const said = await imap([
      'LOGIN anna secret',
      append,
      append,
      'SELECT INBOX',
      'COPY 1 Trash',
      'COPY 1:2 Trash',
    ])
    expect(said).toMatch(/^4 OK/m)
    expect(said).toMatch(/^5 NO \[LIMIT\]/m)
  })

  test('smtp.maxRecipients', async () => {
    const recipients = ['anna', 'ben'].map((name) => `RCPT TO:<${name}@example.com>\r\n`).join('')
    const said = await hear('lmtp', `LHLO x\r\nMAIL FROM:<>\r\n${recipients}QUIT\r\n`)
    expect(said).toMatch(/^250 .*\r\n250 .*\r\n452 4\.5\.3 .*\r\n221 /m)
  })

  test('auth.failuresPerPair and auth.window', async () => {
    const guesses = Array.from({ length: 3 }, () => 'LOGIN ben wrong')
    expect(await imap(guesses)).toMatch(/^0 NO \[AUTHENTICATIONFAILED\] .*\r\n1 NO \[UNAVAILABLE\]/m)
    await expect.poll(() => imap(['LOGIN ben secret']), { interval: 500 }).toMatch(/^0 OK/m)
  })

  test('auth.failuresPerAccount: from where somebody logged in', async () => {
    expect(await imap(['LOGIN anna secret'])).toMatch(/^0 OK/m)
    const said = await imap(Array.from({ length: 4 }, () => 'LOGIN anna wrong'))
    // Past the limit one has its turn.
    expect(said.match(/^\d NO \[[A-Z]+/gm)).toEqual([
      '0 NO [AUTHENTICATIONFAILED',
      '1 NO [AUTHENTICATIONFAILED',
      '2 NO [AUTHENTICATIONFAILED',
      '3 NO [UNAVAILABLE',
    ])
  })

  test.each([
    ['imap', 4, /^\* BYE too many/],
    ['smtp', 2, /^421 4\.7\.0 Too many/],
  ] as const)('%s.maxConnections', async (name, most, refused) => {
    const held: Socket[] = []
    while (held.length < most) held.push(await hold(name))
    expect(await hear(name, '')).toMatch(refused)
    for (const socket of held) socket.destroy()
  })

  test.skipIf(stranger === undefined).each([
    ['imap', /^\* BYE too many/],
    ['smtp', /^421 4\.7\.0 Too many/],
  ] as const)(`%s.maxConnectionsPerAddress${strangers}`, async (name, refused) => {
    const held = await hold(name, stranger)
    expect(await hear(name, '', stranger)).toMatch(refused)
    held.destroy()
  })

  test.skipIf(stranger === undefined)(`imap.plaintextLogin${strangers}`, async () => {
    await expect.poll(() => imap(['LOGIN anna secret'], stranger)).toMatch(/^0 OK/m)
  })
})
