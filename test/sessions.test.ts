// What the administrator changes applies at once, to open sessions too: over HTTP and the command line, seen in IMAP and LMTP.
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { runEider, startServer, type TestServer } from './server.js'

let server: TestServer
const sockets: Socket[] = []
beforeAll(async () => {
  server = await startServer({
    set: { 'imap.maxConnectionsPerAccount': '3', 'auth.failuresPerAddress': '6' },
  })
})
afterAll(async () => {
  for (const socket of sockets) socket.destroy()
  await server.stop()
})

interface Dialogue {
  readonly socket: Socket
  /** Waits until what was said since the last wait matches. */
  expect(pattern: RegExp): Promise<string>
  say(line: string): void
}

async function dialogue(listener: 'imap' | 'lmtp'): Promise<Dialogue> {
  const socket = connect(server.port(listener), '127.0.0.1')
  sockets.push(socket)
  socket.on('error', () => {})
  let heard = ''
  socket.setEncoding('utf8').on('data', (text: string) => {
    heard += text
  })
  const talk: Dialogue = {
    socket,
    say: (line) => void socket.write(`${line}\r\n`),
    async expect(pattern) {
      for (;;) {
        const found = pattern.exec(heard)
        if (found !== null) {
          const upTo = heard.slice(0, found.index + found[0].length)
          heard = heard.slice(upTo.length)
          return upTo
        }
        if (socket.closed) throw new Error(`closed before ${pattern}: ${heard}`)
        await Promise.race([once(socket, 'data'), once(socket, 'close')])
      }
    },
  }
  await talk.expect(listener === 'imap' ? /^\* OK .*\r\n/ : /^220 .*\r\n/)
  return talk
}

async function logIn(name: string, password: string): Promise<Dialogue> {
  const session = await dialogue('imap')
  session.say(`a LOGIN "${name}" "${password}"`)
  await session.expect(/^a OK .*\r\n/m)
  return session
}

test('a changed password ends the sessions that logged in with the old one, idle or not', async () => {
  await server.createUser('anna', 'old')
  const idle = await logIn('anna', 'old')
  idle.say('b SELECT INBOX')
  await idle.expect(/^b OK .*\r\n/m)
  idle.say('c IDLE')
  await idle.expect(/^\+ /m)
  const waiting = await logIn('anna', 'old')
  const started = performance.now()
  await server.post('/user/password', { username: 'anna', password: 'new' })
  await Promise.all([idle.expect(/^\* BYE /m), waiting.expect(/^\* BYE /m)])
  expect(performance.now() - started).toBeLessThan(2_000)
  const again = await dialogue('imap')
  again.say('a LOGIN anna old')
  await again.expect(/^a NO \[AUTHENTICATIONFAILED\]/m)
  again.say('b LOGIN anna new')
  await again.expect(/^b OK /m)
})

test('a removed account ends its sessions', async () => {
  await server.createUser('leaver', 'x')
  const session = await logIn('leaver', 'x')
  expect(await runEider(['user', 'remove', 'leaver', '--data', server.dir])).toMatchObject({ code: 0 })
  await session.expect(/^\* BYE /m)
})

test('a quota applies to the next message of an open session, and to the next recipient', async () => {
  await server.createUser('quoted', 'x', 'quoted@example.com')
  const session = await logIn('quoted', 'x')
  const append = async (tag: string, answer: RegExp) => {
    session.say(`${tag} APPEND INBOX {1000+}\r\nSubject: x\r\n\r\n${'x'.repeat(986)}`)
    return session.expect(answer)
  }
  await append('a', /^a OK .*\r\n/m)
  await server.post('/user/quota', { username: 'quoted', quota: 1500 })
  await append('b', /^b NO \[OVERQUOTA\].*\r\n/m)
  session.say('s SELECT INBOX')
  await session.expect(/^s OK .*\r\n/m)
  session.say('t COPY 1 Trash')
  await session.expect(/^t NO \[OVERQUOTA\].*\r\n/m)
  const lmtp = await dialogue('lmtp')
  lmtp.say('LHLO x')
  await lmtp.expect(/^250 .*\r\n/m)
  lmtp.say('MAIL FROM:<> SIZE=1000')
  await lmtp.expect(/^250 .*\r\n/m)
  lmtp.say('RCPT TO:<quoted@example.com>')
  await lmtp.expect(/^(452|552) .*\r\n/m)
  await server.post('/user/quota', { username: 'quoted' })
  lmtp.say('RCPT TO:<quoted+label@example.com>')
  await lmtp.expect(/^250 .*\r\n/m)
  await append('c', /^c OK .*\r\n/m)
  const { storageUsed } = (await (await server.http('/user?username=quoted')).json()) as {
    storageUsed: number
  }
  expect(storageUsed).toBe(2000)
})

test('андрис@уайлддак.орг logs in by name and address and gets mail under either form of the domain', async () => {
  await server.createUser('андрис', 'пароль', 'андрис@уайлддак.орг')
  for (const name of ['андрис', 'АНДРИС@уайлддак.орг', 'андрис@xn--80aalaxjd5d.xn--c1avg']) {
    const session = await dialogue('imap')
    const password = 'пароль'
    session.say(
      `a LOGIN {${Buffer.byteLength(name)}+}\r\n${name} {${Buffer.byteLength(password)}+}\r\n${password}`,
    )
    await session.expect(/^a OK /m)
    session.socket.destroy()
  }
  const lmtp = await dialogue('lmtp')
  lmtp.say('LHLO x')
  await lmtp.expect(/^250 .*\r\n/m)
  lmtp.say('MAIL FROM:<> SMTPUTF8')
  await lmtp.expect(/^250 .*\r\n/m)
  lmtp.say('RCPT TO:<Андрис+ööö@уайлддак.орг>')
  await lmtp.expect(/^250 .*\r\n/m)
  lmtp.say('DATA')
  await lmtp.expect(/^354 .*\r\n/m)
  lmtp.say('Subject: x\r\n\r\nx\r\n.')
  await lmtp.expect(/^250 .*\r\n/m)
  const answer = (await (
    await server.http(`/user/mailboxes?username=${encodeURIComponent('андрис')}`)
  ).json()) as {
    mailboxes: { path: string; messages: number }[]
  }
  expect(answer.mailboxes.find(({ path }) => path === 'INBOX')?.messages).toBe(1)
})

test('one account has only so many connections', async () => {
  await server.createUser('crowd', 'x')
  const open = [await logIn('crowd', 'x'), await logIn('crowd', 'x'), await logIn('crowd', 'x')]
  const fourth = await dialogue('imap')
  fourth.say('a LOGIN crowd x')
  await fourth.expect(/^a NO /m)
  open[0]?.say('z LOGOUT')
  await open[0]?.expect(/^z OK /m)
  const fifth = await logIn('crowd', 'x')
  expect(fifth.socket.closed).toBe(false)
})

test('failures from one address are throttled, and the log names it but no password', async () => {
  await server.createUser('guessed', 'right')
  for (let i = 0; i < 6; i++) {
    const session = await dialogue('imap')
    session.say(`a LOGIN guessed guess-number-${i}`)
    await session.expect(/^a NO /m)
    session.socket.destroy()
  }
  const session = await dialogue('imap')
  session.say('a LOGIN guessed right')
  await session.expect(/^a NO /m)
  await expect.poll(() => server.log()).toMatch(/"reason":"throttled"/)
  expect(server.log()).toMatch(/"remote":"127\.0\.0\.1"/)
  expect(server.log()).not.toMatch(/guess-number/)
})
