// What a stranger, or a broken client, may send: each is answered or sent away, memory stays bounded, and the server goes on
// serving others. RFC 3501 §2.2, §4.3, §5.4; RFC 7888 §5. On the embedded store alone: it is stopped before any store is asked.
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { collectGarbage } from '../support/collect-garbage.js'
import { longestHold } from '../support/longest-hold.js'
import { ImapClient } from './client.js'
import { type ImapTestServer, startImapServer } from './server.js'

let server: ImapTestServer
const clients: ImapClient[] = []

beforeAll(async () => {
  server = await startImapServer({ tls: true })
  await server.addUser('anna')
})
afterEach(async () => {
  for (const client of clients.splice(0)) client.close()
  // Whatever was done to it: it serves the next one.
  const next = await ImapClient.login(server.port, 'anna')
  await next.ok('NOOP')
  next.close()
  expect(server.errors).toEqual([])
})
afterAll(() => server.close())

async function stranger(): Promise<ImapClient> {
  const client = await ImapClient.connect(server.port)
  clients.push(client)
  await client.response()
  return client
}

async function anna(): Promise<ImapClient> {
  const client = await ImapClient.login(server.port, 'anna')
  clients.push(client)
  return client
}

const MIB = 2 ** 20

/** By how much the resident memory grew at its highest while `work` ran. */
async function growth(work: () => Promise<void>): Promise<number> {
  collectGarbage()
  const before = process.memoryUsage().rss
  let highest = before
  const timer = setInterval(() => {
    highest = Math.max(highest, process.memoryUsage().rss)
  }, 10)
  await work()
  clearInterval(timer)
  return Math.max(highest, process.memoryUsage().rss) - before
}

test.each(['9223372036854775808', '18446744073709551616', '99999999999999999999'])(
  'a literal of %s octets is refused, asked for or not',
  async (size) => {
    const client = await anna()
    expect((await client.command(`CREATE {${size}}`)).tagged).toBe('BAD [TOOBIG] The literal is too large')
    expect((await client.command(`APPEND INBOX {${size}}`)).tagged).toBe(
      'NO [TOOBIG] The message is too large',
    )
    await client.ok('NOOP')
    // Unasked, so many octets cannot be skipped: the connection ends.
    client.send(`a APPEND INBOX {${size}+}\r\n`)
    expect(await client.response()).toBe('a BAD [TOOBIG] LITERAL- allows 4096 octets')
    expect(await client.response()).toBe('* BYE [TOOBIG] The literal is too large')
    expect(await client.response()).toBeUndefined()
  },
)

test('a negative literal is no literal', async () => {
  const client = await anna()
  expect((await client.command('CREATE {-1}')).tagged).toMatch(/^BAD /)
  expect((await client.command('APPEND INBOX {-5}')).tagged).toMatch(/^BAD /)
})

test('a literal that never ends keeps nobody, and its connection may go', async () => {
  const client = await anna()
  client.send('a APPEND INBOX {1000}\r\n')
  expect(await client.response()).toBe('+ send the message')
  client.send('only this')
  client.close()
  const other = await anna()
  expect(await other.ok('STATUS INBOX (MESSAGES)')).toEqual(['* STATUS INBOX (MESSAGES 0)'])
})

test('a literal before login is short, or refused', async () => {
  const client = await stranger()
  expect((await client.command('LOGIN {4097}')).tagged).toBe('BAD [TOOBIG] The literal is too large')
  client.send('a LOGIN {4000}\r\n')
  expect(await client.response()).toBe('+ go on')
  client.send(`${'x'.repeat(4000)} {200}\r\n`)
  expect(await client.response()).toBe('a BAD [TOOBIG] The literal is too large')
  expect((await client.command('APPEND INBOX {100}')).tagged).toMatch(/^BAD APPEND is not for this state/)
  await client.ok('NOOP')
})

test('what LITERAL- does not allow is skipped, and said', async () => {
  const client = await anna()
  client.send(`a CREATE {5000+}\r\n${'b NOOP\r\n'.repeat(625)} {3+}\r\nc D\r\nd NOOP\r\n`)
  expect(await client.response()).toBe('a BAD [TOOBIG] LITERAL- allows 4096 octets')
  expect(await client.response()).toBe('d OK Done')
})

test('a line of 10 MB is skipped, and costs no memory', async () => {
  const client = await anna()
  const grown = await growth(async () => {
    client.send('a NOOP ')
    const chunk = Buffer.alloc(65_536, 0x78)
    for (let at = 0; at < 160; at++) {
      client.send(chunk)
      await new Promise((resolve) => client.socket.write('', resolve))
    }
    client.send('\r\nb NOOP\r\n')
    expect(await client.response()).toBe('a BAD [TOOBIG] The line is too long')
    expect(await client.response()).toBe('b OK Done')
  })
  expect(grown).toBeLessThan(32 * MIB)
})

test('a line of 10 MB from a stranger ends the connection', async () => {
  const client = await stranger()
  client.send(`a LOGIN ${'x'.repeat(10 * MIB)}\r\n`)
  expect(await client.response()).toBe('a BAD [TOOBIG] The line is too long')
  expect(await client.response()).toBe('* BYE The line is too long')
  expect(await client.response()).toBeUndefined()
})

test('10,000 parentheses', async () => {
  const client = await anna()
  await client.ok('SELECT INBOX')
  const open = '('.repeat(10_000)
  expect((await client.command(`FETCH 1 ${open}`)).tagged).toMatch(/^BAD /)
  expect((await client.command(`SEARCH ${open}ALL${')'.repeat(10_000)}`)).tagged).toMatch(/^BAD less nesting/)
  expect((await client.command(`STORE 1 FLAGS ${open}`)).tagged).toMatch(/^BAD /)
  expect((await client.command(`STATUS INBOX ${open}`)).tagged).toMatch(/^BAD /)
  expect((await client.command(`ID ${open}`)).tagged).toMatch(/^BAD /)
})

test('SEARCH nested 10,000 deep', async () => {
  const client = await anna()
  await client.ok('SELECT INBOX')
  expect((await client.command(`SEARCH ${'NOT '.repeat(10_000)}ALL`)).tagged).toMatch(/^BAD less nesting/)
  expect((await client.command(`SEARCH ${'OR OR '.repeat(5_000)}ALL`)).tagged).toMatch(/^BAD /)
  // A long chain is not deep.
  await client.ok(`SEARCH ${'OR SEEN '.repeat(2_000)}ALL`)
  await client.ok(`SEARCH ${'OR '.repeat(2_000)}${'SEEN '.repeat(2_000)}ALL`)
  await client.ok(`SEARCH ${'NOT '.repeat(90)}ALL`)
})

test('bad base64', async () => {
  const client = await stranger()
  for (const text of ['!!!!', 'AAA', 'A===', 'AA==AA==', 'AAAA AAAA', '\x00', 'AAAA=', '=AAA']) {
    expect((await client.command(`AUTHENTICATE PLAIN ${text}`)).tagged).toMatch(/^BAD /)
  }
  const tag = client.nextTag()
  client.send(`${tag} AUTHENTICATE PLAIN\r\n`)
  expect(await client.response()).toBe('+ ')
  client.send('====\r\n')
  expect(await client.response()).toBe(`${tag} BAD The answer is not base64`)
})

test('who only makes mistakes before login is sent away', async () => {
  const client = await stranger()
  let last: string | undefined
  for (let at = 0; at < 100; at++) {
    client.send('a NONSENSE\r\n')
    const response = await client.response()
    if (response === undefined) break
    last = response
  }
  expect(last).toBe('* BYE Too many mistakes')
})

test('STARTTLS: commands sent behind it are forgotten', async () => {
  const client = await stranger()
  client.send('a STARTTLS\r\nb LOGIN anna wrong\r\nc NOOP\r\n')
  expect(await client.response()).toBe('a OK Begin TLS now')
  await client.startTls()
  // Neither b nor c is answered: the first answer is to d.
  client.send('d CAPABILITY\r\n')
  const capabilities = await client.response()
  expect(capabilities).toMatch(/^\* CAPABILITY IMAP4rev1 /)
  expect(capabilities).not.toMatch(/STARTTLS/)
  expect(await client.response()).toBe('d OK Done')
  expect((await client.command('STARTTLS')).tagged).toMatch(/^BAD /)
  await client.ok('LOGIN anna correct-horse')
})

test('lone CR, LF and NUL', async () => {
  const client = await anna()
  client.send('a NOOP\n')
  expect(await client.response()).toBe('a BAD Commands end in CRLF')
  client.send('b NO\rOP\r\n')
  expect(await client.response()).toMatch(/^b BAD /)
  client.send('c NOOP\r\r\n')
  expect(await client.response()).toMatch(/^c BAD /)
  client.send('d NO\0OP\r\n')
  expect(await client.response()).toMatch(/^d BAD /)
  client.send('\0\0\0\r\n')
  expect(await client.response()).toMatch(/^\* BAD /)
  client.send('e CREATE "a\0b"\r\n')
  expect(await client.response()).toMatch(/^e BAD /)
  client.send('f CREATE {3+}\r\na\0b\r\n')
  expect(await client.response()).toMatch(/^f BAD NUL/)
  client.send('g CREATE {3+}\r\na\nb\r\n')
  expect(await client.response()).toBe('g NO [CANNOT] The mailbox name is not modified UTF-7')
  await client.ok('NOOP')
})

test('50,000 NOOPs sent without reading an answer', async () => {
  const client = await anna()
  const others = await anna()
  const grown = await growth(async () => {
    client.send('x NOOP\r\n'.repeat(50_000))
    // The others are not kept waiting.
    const begin = performance.now()
    await others.ok('NOOP')
    expect(performance.now() - begin).toBeLessThan(1_000)
    for (let at = 0; at < 50_000; at++)
      if ((await client.response()) !== 'x OK Done') throw new Error(`NOOP ${at}`)
  })
  expect(grown).toBeLessThan(96 * MIB)
}, 60_000)

test('commands without end from a client that reads nothing: the server stops reading too', async () => {
  const client = await anna()
  client.socket.pause()
  const noops = Buffer.from('x NOOP\r\n'.repeat(8192))
  // 48 MB are offered; what the socket has taken stands still once the buffers of the system are full.
  for (let at = 0; at < 768; at++) client.socket.write(noops)
  const taken = () => client.socket.bytesWritten - client.socket.writableLength
  for (let before = -1; before !== taken(); await sleep(300)) before = taken()
  expect(taken()).toBeLessThan(24 * MIB)
}, 60_000)

test('a mailbox name of 10,000 levels', async () => {
  const client = await anna()
  const name = Array.from({ length: 10_000 }, () => 'a').join('/')
  expect((await client.command(`CREATE ${name}`)).tagged).toBe(
    'NO [CANNOT] Not a possible mailbox name: too long',
  )
  expect((await client.command(`CREATE ${'a/'.repeat(40)}a`)).tagged).toBe(
    'NO [CANNOT] Not a possible mailbox name: too deep',
  )
  expect(await client.ok(`LIST "" "${'%*'.repeat(20_000)}"`)).toEqual([])
  expect((await client.ok(`LIST "" "${'%'.repeat(900)}*${'%'.repeat(900)}"`)).length).toBeGreaterThan(5)
})

test('a set of 10,000 UIDs, and of the whole range', async () => {
  const client = await anna()
  await client.ok('SELECT INBOX')
  const set = Array.from({ length: 10_000 }, (_, at) => at * 2 + 1).join(',')
  await client.ok(`UID FETCH ${set} FLAGS`)
  await client.ok('UID FETCH 1:4294967295 FLAGS')
  await client.ok('UID SEARCH UID 4294967295:1')
})

/** How often others had their turn while `work` was under way. */
async function turnsDuring(work: () => Promise<unknown>): Promise<number> {
  let turns = 0
  let over = false
  const count = () => {
    turns++
    if (!over) setImmediate(count)
  }
  setImmediate(count)
  await work()
  over = true
  return turns
}

test('a LIST pattern of 1,000 wildcards over long names gives others their turn', async () => {
  const client = await anna()
  for (let n = 10; n < 50; n++) await client.ok(`CREATE ${'a'.repeat(1000)}${n}`)
  const pattern = `${'a%'.repeat(990)}*b`
  expect(await turnsDuring(() => client.ok(`LIST "" "${pattern}"`))).toBeGreaterThan(10)
})

test('LSUB of long names and of many levels gives others their turn, and waits for who reads', async () => {
  const client = await anna()
  for (let n = 10; n < 15; n++) await client.ok(`SUBSCRIBE ${'c'.repeat(900)}${n}${'/b'.repeat(30)}/x`)
  expect(await turnsDuring(() => client.ok(`LSUB "" "${'c%'.repeat(500)}z%"`))).toBeGreaterThan(20)
  const told = await client.ok('LSUB "" "*b%"')
  expect(told.filter((line) => line.includes('\\Noselect'))).toHaveLength(5 * 30)
})

test('a search with 10,000 keys gives others their turn', async () => {
  const client = await anna()
  await client.ok('CREATE Searched')
  expect(await client.append('Searched', 'Subject: a\r\n\r\na\r\n')).toMatch(/^OK/)
  await client.ok('SELECT Searched')
  for (let times = 0; times < 10; times++) await client.ok('COPY 1:* Searched')
  const search = `SEARCH ${'ALL '.repeat(10_000)}OLD`
  expect(await turnsDuring(() => client.ok(search))).toBeGreaterThan(10)
  await client.ok('CLOSE')
})

test('a search with 2,000 keys for a subject of half a megabyte holds up nobody for seconds', async () => {
  const client = await anna()
  await client.ok('CREATE Subjects')
  const subject = Buffer.from('ä'.repeat(250_000)).toString('latin1')
  expect(await client.append('Subjects', `Subject: ${subject} needle\r\n\r\na\r\n`)).toMatch(/^OK/)
  await client.ok('SELECT Subjects')
  const search = `SEARCH ${'OR SUBJECT q '.repeat(2000)}SUBJECT needle`
  // Where each key folds the subject anew, this takes minutes.
  expect((await longestHold(client.ok(search))).longest).toBeLessThan(5000)
  expect(await client.ok(search)).toEqual(['* SEARCH 1'])
  await client.ok('CLOSE')
})

test('a header of 1 MB is not copied for each of 1,000 sections', async () => {
  const client = await anna()
  await client.ok('CREATE Headers')
  const header = `X-A: ${'a'.repeat(70)}\r\n`.repeat(14_000)
  expect(await client.append('Headers', `${header}\r\na\r\n`)).toMatch(/^OK/)
  await client.ok('SELECT Headers')
  const items = Array.from({ length: 1000 }, (_, n) => `BODY.PEEK[HEADER.FIELDS (X-A)]<${n}.1>`)
  expect((await client.command(`FETCH 1 (${items.join(' ')})`)).tagged).toMatch(/^NO \[LIMIT\]/)
  const few = await client.ok(`FETCH 1 (${items.slice(0, 3).join(' ')})`)
  expect(few[0]).toContain('BODY[HEADER.FIELDS (X-A)]<2>')
  await client.ok('CLOSE')
})

test('a search in 8 MB of text with umlauts gives others their turn, and finds what is there', async () => {
  const client = await anna()
  await client.ok('CREATE Long')
  const words = Buffer.from('Größe und Maß, alles fließt. '.repeat(80)).toString('latin1')
  const half = `${words}\r\n`.repeat(1500)
  const needle = Buffer.from('NÄDEL').toString('latin1')
  const header = 'Content-Type: text/plain; charset=utf-8\r\n\r\n'
  expect(await client.append('Long', `${header}${half}${needle}\r\n${half}`)).toMatch(/^OK/)
  await client.ok('SELECT Long')
  const absent = 'SEARCH CHARSET UTF-8 BODY "nichts davon"'
  const { longest, total } = await longestHold(client.ok(absent))
  expect(longest).toBeLessThan(total / 3)
  const wanted = Buffer.from('nädel').toString('latin1')
  expect(await client.ok(`SEARCH CHARSET UTF-8 BODY "${wanted}"`)).toEqual(['* SEARCH 1'])
  await client.ok('CLOSE')
})
