// How sessions end without LOGOUT: autologout, a changed password, a server that stops, a client that does not read.
// RFC 3501 §3.4, §5.4, §7.1.5.
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, expect, test } from 'vitest'
import { setPassword } from '../../src/mail/accounts.js'
import { collectGarbage } from '../support/collect-garbage.js'
import { ImapClient } from './client.js'
import { type ImapTestOptions, type ImapTestServer, startImapServer } from './server.js'

let server: ImapTestServer
let clients: ImapClient[] = []

afterEach(async () => {
  for (const client of clients) client.close()
  clients = []
  await server.close()
  expect(server.errors).toEqual([])
})

async function start(options: ImapTestOptions = {}) {
  server = await startImapServer(options)
  return server.addUser('anna')
}

async function anna(): Promise<ImapClient> {
  const client = await ImapClient.login(server.port, 'anna')
  clients.push(client)
  return client
}

test('autologout, before login sooner than after', async () => {
  await start({ imap: { loginMs: 1000, idleMs: 2500 } })
  const stranger = await ImapClient.connect(server.port)
  clients.push(stranger)
  await stranger.response()
  const client = await anna()
  const order: string[] = []
  const bye = async (who: string, from: ImapClient) => {
    expect(await from.response()).toBe('* BYE Autologout, idle for too long')
    order.push(who)
  }
  await Promise.all([bye('anna', client), bye('the stranger', stranger)])
  expect(order).toEqual(['the stranger', 'anna'])
  expect(await client.response()).toBeUndefined()
})

test('a changed password ends the sessions, in IDLE too', async () => {
  const account = await start()
  const quiet = await anna()
  const idle = await anna()
  await idle.ok('SELECT INBOX')
  idle.send('a IDLE\r\n')
  expect(await idle.response()).toBe('+ idling')
  await setPassword(server.services, account, 'another-horse')
  expect(await quiet.response()).toBe('* BYE Log in again')
  expect(await idle.response()).toBe('* BYE Log in again')
  expect(await idle.response()).toBeUndefined()
  const again = await ImapClient.connect(server.port)
  clients.push(again)
  await again.response()
  expect((await again.command('LOGIN anna correct-horse')).tagged).toMatch(/^NO \[AUTHENTICATIONFAILED\]/)
  await again.ok('LOGIN anna another-horse')
})

test('where no hint of the new password comes, the next commands end the session', async () => {
  const account = await start({ imap: { pollMs: 50 } })
  const { store, passwords } = server.services
  const hash = await passwords.hash('another-horse')
  const client = await anna()
  // The second look that follows every login is over: it would end the session as well.
  await sleep(1500)
  await store.setPassword(account.id, hash)
  await sleep(60)
  await client.command('NOOP')
  expect(await client.response()).toBe('* BYE Log in again')
  expect(await client.response()).toBeUndefined()
})

test('a server that stops says BYE to everybody', async () => {
  await start()
  const quiet = await anna()
  const idle = await anna()
  idle.send('a IDLE\r\n')
  await idle.response()
  const closed = server.close()
  expect(await quiet.response()).toBe('* BYE The server is going down')
  expect(await idle.response()).toBe('* BYE The server is going down')
  await closed
  await start()
})

test('20 FETCHes of 40 MB to a client that never reads: bounded memory, and it is cut off', async () => {
  await start({ imap: { writeMs: 1_500 } })
  const writer = await anna()
  const large = Buffer.alloc(40 * 2 ** 20, 'All work and no play makes Jack a dull boy.\r\n')
  expect(await writer.append('INBOX', Buffer.concat([Buffer.from('Subject: large\r\n\r\n'), large]))).toMatch(
    /^OK/,
  )
  const stuck = await Promise.all(Array.from({ length: 20 }, () => anna()))
  for (const client of stuck) await client.ok('SELECT INBOX')
  collectGarbage()
  const before = process.memoryUsage().rss
  for (const client of stuck) {
    client.socket.pause()
    client.send('a FETCH 1 BODY.PEEK[]\r\n')
  }
  let highest = 0
  for (let at = 0; at < 12; at++) {
    await sleep(100)
    highest = Math.max(highest, process.memoryUsage().rss)
  }
  expect(highest - before).toBeLessThan(64 * 2 ** 20)
  // Others are served meanwhile.
  await writer.ok('NOOP')
  await expect.poll(() => server.connections(), { timeout: 40_000 }).toBe(1)
  await writer.ok('NOOP')
}, 60_000)

test('one that reads slowly gets every octet', async () => {
  await start()
  const client = await anna()
  const body = Buffer.alloc(3 * 2 ** 20)
  for (let at = 0; at < body.length; at++) body[at] = 32 + ((at * 7) % 90)
  const message = Buffer.concat([Buffer.from('Subject: x\r\n\r\n'), body])
  await client.append('INBOX', message)
  await client.ok('SELECT INBOX')
  client.send('a FETCH 1 BODY.PEEK[]\r\n')
  for (let at = 0; at < 20; at++) {
    client.socket.pause()
    await sleep(5)
    client.socket.resume()
    await sleep(1)
  }
  const response = (await client.response()) ?? ''
  const expected = `* 1 FETCH (BODY[] {${message.length}}\r\n${message.toString('latin1')})`
  expect(response === expected).toBe(true)
})

const ALL_AT_ONCE = 'a LOGIN anna correct-horse\r\nb SELECT INBOX\r\nc STATUS INBOX (MESSAGES)\r\n'

test('a client that closes its side behind its commands gets every answer', async () => {
  await start()
  const client = await ImapClient.connect(server.port)
  clients.push(client)
  client.socket.end(ALL_AT_ONCE)
  const answers = await client.until('c')
  expect(answers.at(-1)).toMatch(/^c OK/)
  expect(await client.response()).toBeUndefined()
})

test('in TLS too', async () => {
  await start({ tls: true })
  const client = await ImapClient.connect(server.port)
  clients.push(client)
  await client.response()
  await client.ok('STARTTLS')
  await client.startTls()
  client.socket.end(ALL_AT_ONCE)
  expect((await client.until('c')).at(-1)).toMatch(/^c OK/)
  expect(await client.response()).toBeUndefined()
})

test('a client that closes its side in IDLE, in a literal, or behind nothing is let go', async () => {
  await start()
  const [idle, unfinished, quiet] = [await anna(), await anna(), await anna()]
  idle.send('a IDLE\r\n')
  await idle.response()
  unfinished.send('a APPEND INBOX {100}\r\n')
  await unfinished.response()
  unfinished.send('Subject: half')
  for (const client of [idle, unfinished, quiet]) client.socket.end()
  for (const client of [idle, unfinished, quiet]) await client.waitForClose()
})

test('a client that closed its side and does not read its answer is cut off', async () => {
  await start({ imap: { writeMs: 300 } })
  const client = await anna()
  const large = Buffer.alloc(20 * 2 ** 20, 'All work and no play makes Jack a dull boy.\r\n')
  await client.append('INBOX', Buffer.concat([Buffer.from('Subject: large\r\n\r\n'), large]))
  await client.ok('SELECT INBOX')
  client.socket.pause()
  client.socket.end('a FETCH 1 BODY.PEEK[]\r\n')
  while (server.connections() > 0) await sleep(20)
})

test('a search whose client has left ends', async () => {
  await start({ imap: { noticeMs: 50 } })
  const client = await anna()
  const text = Buffer.alloc(2 ** 21, 'All work and no play makes Jack a dull boy.\r\n')
  await client.append('INBOX', Buffer.concat([Buffer.from('Subject: large\r\n\r\n'), text]))
  await client.ok('SELECT INBOX')
  const keys = Array.from({ length: 2_500 }, (_, at) => `BODY nowhere${at}`).join(' OR ')
  const started = performance.now()
  await client.ok(`SEARCH OR ${keys} BODY nowhere`)
  const whole = performance.now() - started
  client.send(`a SEARCH OR ${keys} BODY nowhere\r\nb NOOP\r\n`)
  expect(await client.response()).toBe('* OK Still at it')
  const left = performance.now()
  client.close()
  // Waits for every session.
  await server.close()
  expect(performance.now() - left).toBeLessThan(whole / 2)
  await start()
})
