// What strangers may send to the maildrop: each gets an answer, memory stays bounded, and others are served meanwhile.
// The server is the program that ships, in a process of its own: its peak memory is what the kernel says. On the embedded
// store alone: what is hostile here is for the parsers, which stand before any store.

import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { startServer, type TestServer } from '../server.js'
import { accountWith, inboxOf } from '../support/inbox.js'
import { openServices } from '../support/services.js'
import { required } from '../wire/required.js'
import { SmtpClient } from './client.js'
import { HOSTILE_MESSAGES, stuffed } from './hostile-messages.js'
import { listenMaildrop } from './maildrop-server.js'

/** Octets that the server may grow by at its peak. */
const MAX_GROWTH = 96 << 20
/** Milliseconds that another connection may wait for an answer; this machine may be busy with other tests. */
const MAX_WAIT = 1000

const hasProc = existsSync('/proc/self/clear_refs')
const procSkip = required(hasProc, '/proc/PID/clear_refs', 'hostile SMTP, whose peak memory it tells')

let server: TestServer
const clients: SmtpClient[] = []

beforeAll(async () => {
  server = await startServer()
  await server.createUser('anna', 'correct horse', 'anna@example.org')
  await server.createUser('ben', 'correct horse', 'ben@example.org')
})
afterAll(() => server.stop())
afterEach(() => {
  for (const client of clients.splice(0)) client.close()
})

async function open(): Promise<SmtpClient> {
  const client = await SmtpClient.open(server.port('smtp'))
  clients.push(client)
  await client.ask('EHLO client.example')
  return client
}

const readyForData = async (): Promise<SmtpClient> => askForData(await open(), ['anna@example.org'])

async function askForData(client: SmtpClient, to: readonly string[]): Promise<SmtpClient> {
  await client.ask('MAIL FROM:<a@b.example>')
  for (const address of to) expect(await client.ask(`RCPT TO:<${address}>`)).toMatch(/^250/)
  expect(await client.ask('DATA')).toMatch(/^354/)
  return client
}

/** Resident octets of the server: now, or at the most since the peak was reset. */
const residentNow = (field: 'VmRSS' | 'VmHWM'): number => {
  const status = readFileSync(`/proc/${server.pid}/status`, 'utf8')
  return Number(new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(status)?.[1]) * 1024
}

type Ask = (client: SmtpClient) => Promise<unknown>
const noop: Ask = (client) => client.ask('NOOP')
/** Waits for the one writer of the store too. */
async function sendMail(client: SmtpClient): Promise<void> {
  await askForData(client, ['ben@example.org'])
  expect(await client.ask('Subject: lunch\r\n\r\n.')).toMatch(/^250/)
}

/** Runs the attack while another connection keeps asking; what the server grew by, and the longest wait. */
async function measure<T>(
  attack: () => Promise<T>,
  ask = noop,
): Promise<{ result: T; growth: number; wait: number }> {
  const other = await open()
  writeFileSync(`/proc/${server.pid}/clear_refs`, '5')
  const before = residentNow('VmRSS')
  const attacking = { over: false }
  const watching = longestWait(other, ask, attacking)
  try {
    const result = await attack()
    return { result, growth: residentNow('VmHWM') - before, wait: await stop(attacking, watching) }
  } finally {
    await stop(attacking, watching)
  }
}

function stop(attacking: { over: boolean }, watching: Promise<number>): Promise<number> {
  attacking.over = true
  return watching
}

async function longestWait(client: SmtpClient, ask: Ask, attacking: { over: boolean }): Promise<number> {
  let longest = 0
  while (!attacking.over) {
    const asked = performance.now()
    await ask(client)
    longest = Math.max(longest, performance.now() - asked)
    await sleep(5)
  }
  return longest
}

describe.skipIf(!hasProc)(`hostile messages${procSkip}`, () => {
  it.each(Object.entries(HOSTILE_MESSAGES))('%s', async (_name, make) => {
    const data = stuffed(make())
    const client = await readyForData()
    const { result, growth, wait } = await measure(async () => {
      void client.send(data)
      return client.reply()
    })
    expect(result).toMatch(/^250 2\.0\.0/)
    expect(growth).toBeLessThan(MAX_GROWTH)
    expect(wait).toBeLessThan(MAX_WAIT)
  })

  it('are stored as they came', async () => {
    const services = await openServices()
    const account = await accountWith(services, 'anna')
    const listener = await listenMaildrop(services, 'lmtp')
    const client = await SmtpClient.open(listener.port)
    clients.push(client)
    await client.ask('LHLO client.example')
    const made = Object.values(HOSTILE_MESSAGES).map((make) => make())
    for (const message of made) {
      await client.ask('MAIL FROM:<>')
      await client.ask('RCPT TO:<anna@example.org>')
      await client.ask('DATA')
      void client.send(stuffed(message))
      expect(await client.reply()).toMatch(/^250/)
    }
    const stored = await inboxOf(services, account)
    expect(stored.length).toBe(made.length)
    // Only the last octets: the trace lines stand above.
    for (const [i, message] of made.entries())
      expect(stored[i]?.subarray(-message.length).equals(message)).toBe(true)
    await listener.close()
    await services.close()
  })
})

describe.skipIf(!hasProc)(`hostile dialogues${procSkip}`, () => {
  it.each([
    ['LF.LF', 'a\n.\nMAIL FROM:<x@y>\nRCPT TO:<anna@example.org>\nDATA\nsmuggled\n.\n'],
    ['LF.CRLF', 'a\n.\r\nMAIL FROM:<x@y>\r\nRCPT TO:<anna@example.org>\r\nDATA\r\nsmuggled\n.\r\n'],
    ['CR.CR', 'a\r.\rMAIL FROM:<x@y>\rRCPT TO:<anna@example.org>\rDATA\rsmuggled\r.\r'],
  ])('smuggling with %s: one message, one answer', async (_name, data) => {
    const client = await readyForData()
    void client.send(`${data}\r\n.\r\nNOOP\r\n`)
    expect(await client.replies(2)).toEqual(['250 2.0.0 OK', '250 2.0.0 OK'])
    expect(await client.ask('QUIT')).toMatch(/^221/)
    expect(await client.rest()).toBe('')
  })

  it('a flood of 100,000 RCPTs: let go after 100 unknown ones', async () => {
    const client = await open()
    const { result, growth, wait } = await measure(async () => {
      void client.send(`MAIL FROM:<a@b.example>\r\n${'RCPT TO:<guess@example.org>\r\n'.repeat(100_000)}`)
      return client.rest()
    })
    expect(result.match(/^550 5\.1\.1/gm)?.length).toBe(100)
    expect(result).toMatch(/\r\n421 4\.7\.0 [^\r\n]*\r\n$/)
    expect(growth).toBeLessThan(MAX_GROWTH)
    expect(wait).toBeLessThan(MAX_WAIT)
  })

  it('20,000 RCPTs of an address that is there: 1,000 are taken, the others told to come again', async () => {
    const client = await open()
    const { result, growth, wait } = await measure(async () => {
      void client.send(`MAIL FROM:<a@b.example>\r\n${'RCPT TO:<anna@example.org>\r\n'.repeat(20_000)}`)
      return client.replies(20_001)
    })
    const taken = result.slice(1).filter((reply) => reply.startsWith('250')).length
    expect(taken).toBe(1000)
    expect(result.at(-1)).toMatch(/^452 4\.5\.3/)
    expect(growth).toBeLessThan(MAX_GROWTH)
    expect(wait).toBeLessThan(MAX_WAIT)
  })

  const multipart = (part: string, count: number): string =>
    `Content-Type: multipart/mixed; boundary=b\r\n\r\n${`--b\r\n\r\n${part}`.repeat(count)}\r\n`
  const labels = (count: number) => Array.from({ length: count }, (_, n) => `anna+${n}@example.org`)
  it('a message of 400 attachments to 500 labels of one address: told to come with fewer, before anything is stored', async () => {
    const bodies = Array.from(
      { length: 400 },
      (_, n) => `--b\r\nContent-Type:a/b\r\n\r\n${String(n).padEnd(33_000, 'x')}\r\n`,
    )
    const data = stuffed(
      Buffer.from(`Content-Type: multipart/mixed; boundary=b\r\n\r\n${bodies.join('')}--b--\r\n`),
    )
    const client = await askForData(await open(), labels(500))
    const { result, growth, wait } = await measure(async () => {
      void client.send(data)
      return client.reply()
    }, sendMail)
    expect(result).toMatch(/^452 4\.5\.3/)
    expect(growth).toBeLessThan(MAX_GROWTH)
    expect(wait).toBeLessThan(MAX_WAIT)
  })

  it.each([
    ['10,000 empty parts', multipart('', 10_000), /^250/],
    ['10,000 parts that are told of', multipart('lorem ipsum dolor\r\n', 10_000), /^452 4\.5\.3/],
  ])('a message to 1,000 labels of one address: %s', async (_name, message, answer) => {
    const client = await askForData(await open(), labels(1000))
    const { result, growth, wait } = await measure(async () => {
      void client.send(stuffed(Buffer.from(message)))
      return client.reply()
    })
    expect(result).toMatch(answer)
    expect(growth).toBeLessThan(MAX_GROWTH)
    expect(wait).toBeLessThan(MAX_WAIT)
  })

  it.each([
    ['a command', 'NOOP ', 'x'],
    ['MAIL with quotes', 'MAIL FROM:<"', '\\"'],
    ['MAIL with a source route', 'MAIL FROM:<', '@a,'],
    ['MAIL with parameters', 'MAIL FROM:<a@b>', ' A=B'],
  ])('a line of 64 MB: %s', async (_name, begin, part) => {
    const client = await open()
    const chunk = Buffer.from(part.repeat(Math.floor((1 << 20) / part.length)))
    const { result, growth, wait } = await measure(async () => {
      await client.send(begin)
      for (let i = 0; i < 64; i++) await client.send(chunk)
      return client.ask('')
    })
    expect(result).toBe('500 5.5.2 Line too long')
    expect(growth).toBeLessThan(MAX_GROWTH)
    expect(wait).toBeLessThan(MAX_WAIT)
    expect(await client.ask('NOOP')).toMatch(/^250/)
  })

  it('256 MB of mail data, where 64 MiB are the limit: read on, thrown away, 552', async () => {
    const client = await readyForData()
    const chunk = Buffer.from(`${'z'.repeat(1022)}\r\n`.repeat(1024))
    const { result, growth, wait } = await measure(async () => {
      for (let i = 0; i < 256; i++) await client.send(chunk)
      return client.ask('.')
    })
    expect(result).toMatch(/^552 5\.3\.4/)
    expect(growth).toBeLessThan(MAX_GROWTH)
    expect(wait).toBeLessThan(MAX_WAIT)
  })

  it('a client that asks without end and never reads an answer: its answers do not pile up', async () => {
    const client = await open()
    client.pause()
    const { growth, wait } = await measure(async () => {
      const line = Buffer.from('NOOP\r\n'.repeat(100_000))
      const pushing = Promise.all(Array.from({ length: 50 }, () => client.send(line)))
      await Promise.race([pushing, sleep(2000)])
    })
    expect(growth).toBeLessThan(MAX_GROWTH)
    expect(wait).toBeLessThan(MAX_WAIT)
  })
})
