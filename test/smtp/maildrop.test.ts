// Mail in, over the real store: what is put above a message, who gets it, quota, internationalized addresses.

import { createTransport } from 'nodemailer'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { silentLogger } from '../../src/kit/log.js'
import { selfSignedCertificate, TlsContexts } from '../../src/kit/tls.js'
import { addAddress, setQuota } from '../../src/mail/accounts.js'
import { INBOX_ID } from '../../src/mail/deliver.js'
import { allEntries } from '../../src/store/contract/samples.js'
import { accountWith, inboxOf } from '../support/inbox.js'
import { type OpenServices, openServices } from '../support/services.js'
import { SmtpClient } from './client.js'
import { listenMaildrop } from './maildrop-server.js'

let services: OpenServices
const cleanups: (() => Promise<void> | void)[] = []

beforeEach(async () => {
  services = await openServices()
  cleanups.push(() => services.close())
})
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

async function clientOf(protocol: 'smtp' | 'lmtp', tls?: TlsContexts) {
  const listener = await listenMaildrop(services, protocol, tls)
  cleanups.push(listener.close)
  const client = await SmtpClient.open(listener.port)
  cleanups.push(() => client.close())
  await client.ask(`${protocol === 'lmtp' ? 'LHLO' : 'EHLO'} client.example`)
  return { client, port: listener.port }
}

/** One message; the last reply, or all that came for it with LMTP. */
async function send(
  client: SmtpClient,
  to: readonly string[],
  data: string | Buffer,
  { from = 'sender@example.com', parameters = '', replies = 1 } = {},
): Promise<string[]> {
  expect(await client.ask(`MAIL FROM:<${from}>${parameters}`)).toMatch(/^250/)
  for (const address of to) expect(await client.ask(`RCPT TO:<${address}>`)).toMatch(/^250/)
  expect(await client.ask('DATA')).toMatch(/^354/)
  void client.send(data)
  void client.send('.\r\n')
  return client.replies(replies)
}

const MESSAGE = 'From: a@b.example\r\nSubject: hello\r\n\r\nHello\r\n'
const TRACE = /^Return-Path: <.*>\r\nDelivered-To: .*\r\nReceived: from (?:.*\r\n\t)+.*\r\n/

describe('a delivery', () => {
  it('by SMTP puts Return-Path, Delivered-To and Received above, and nothing else is changed', async () => {
    const account = await accountWith(services, 'anna')
    const { client } = await clientOf('smtp')
    expect(await send(client, ['Anna+label@EXAMPLE.org'], MESSAGE)).toEqual(['250 2.0.0 OK'])
    const [stored] = await inboxOf(services, account)
    expect(stored?.toString()).toMatch(
      new RegExp(
        '^Return-Path: <sender@example.com>\r\n' +
          'Delivered-To: Anna\\+label@EXAMPLE.org\r\n' +
          'Received: from client.example \\(\\[127.0.0.1\\]\\)\r\n' +
          '\tby mx.example.org with ESMTP id [0-9a-z]+-1\r\n' +
          '\tfor <Anna\\+label@EXAMPLE.org>;\r\n' +
          '\t\\w{3}, \\d{1,2} \\w{3} \\d{4} \\d\\d:\\d\\d:\\d\\d [+-]\\d{4}\r\n' +
          `${MESSAGE}$`,
      ),
    )
  })

  it('by LMTP the same, with one CRLF more where the message did not end in one', async () => {
    const account = await accountWith(services, 'anna')
    const { client } = await clientOf('lmtp')
    const odd = Buffer.from('\xff: 8-bit header\nbare LF\rbare CR\0NUL\r\n\r\n..\r\n.x\r\nno end', 'latin1')
    const stuffed = odd.toString('latin1').replaceAll('\r\n.', '\r\n..')
    await send(client, ['anna@example.org'], Buffer.from(`${stuffed}\r\n`, 'latin1'))
    await send(client, ['anna@example.org'], '')
    const stored = (await inboxOf(services, account)).map((message) =>
      message.toString('latin1').replace(TRACE, ''),
    )
    expect(stored).toEqual([`${odd.toString('latin1')}\r\n`, ''])
  })

  it('is dated when it came, in whole seconds (RFC 3501 §2.3.3)', async () => {
    const { id } = await accountWith(services, 'anna')
    services = { ...services, clock: () => 1_700_000_000_999 }
    const { client } = await clientOf('lmtp')
    await send(client, ['anna@example.org'], MESSAGE)
    expect(await allEntries(services.store, id, INBOX_ID)).toMatchObject([
      { date: 1_700_000_000_000, zone: 0 },
    ])
  })

  it('to several puts no other recipient in anybody’s trace, and the null reverse-path as <>', async () => {
    const accounts = await Promise.all(['anna', 'ben'].map((name) => accountWith(services, name)))
    const { client } = await clientOf('smtp')
    await send(client, ['anna@example.org', 'ben@example.org'], MESSAGE, { from: '' })
    for (const [i, account] of accounts.entries()) {
      const [stored = Buffer.alloc(0)] = await inboxOf(services, account)
      expect(stored.toString()).toMatch(/^Return-Path: <>\r\nDelivered-To: /)
      expect(stored.toString()).toContain(['anna', 'ben'][i])
      expect(stored.toString()).not.toContain(['ben', 'anna'][i])
    }
  })

  it('by a real client over STARTTLS says so in Received', async () => {
    const account = await accountWith(services, 'anna')
    const tls = await TlsContexts.load(
      [await selfSignedCertificate(services.dir, 'mx.example.org')],
      silentLogger,
    )
    const { port } = await clientOf('smtp', tls)
    const transport = createTransport({
      host: '127.0.0.1',
      port,
      requireTLS: true,
      tls: { rejectUnauthorized: false },
    })
    const content = Buffer.from(Array.from({ length: 100_000 }, (_, i) => (i * i) & 255))
    await transport.sendMail({
      from: 'sender@example.com',
      to: 'anna@example.org',
      subject: 'with an attachment',
      text: '.\n..dots\n',
      attachments: [{ filename: 'octets.bin', content }],
    })
    transport.close()
    const [stored = Buffer.alloc(0)] = await inboxOf(services, account)
    expect(stored.toString()).toMatch(/\tby mx\.example\.org with ESMTPS id /)
    expect(stored.toString('latin1').replaceAll('\r\n', '')).toContain(content.toString('base64'))
  })
})

describe('recipients', () => {
  it('that nobody is: 550 5.1.1, and those that somebody is are taken', async () => {
    await accountWith(services, 'anna')
    const { client } = await clientOf('smtp')
    await client.ask('MAIL FROM:<sender@example.com>')
    for (const address of [
      'nobody@example.org',
      'anna@example.com',
      'anna@[127.0.0.1]',
      'postmaster',
      '"a b"@example.org',
    ]) {
      expect(await client.ask(`RCPT TO:<${address}>`)).toBe('550 5.1.1 No such recipient here')
    }
    expect(await client.ask('RCPT TO:<"anna"@example.org>')).toBe('250 2.1.5 Recipient OK')
  })

  it('postmaster without a domain is the one of this host (RFC 5321 §4.5.1)', async () => {
    const account = await accountWith(services, 'anna')
    await addAddress(services, account, 'postmaster@mx.example.org')
    const { client } = await clientOf('smtp')
    await send(client, ['Postmaster'], MESSAGE)
    expect((await inboxOf(services, account)).length).toBe(1)
  })

  it('two, one of them over quota: 452 at RCPT for that one, the other gets the mail', async () => {
    const [anna, ben] = [await accountWith(services, 'anna', 1000), await accountWith(services, 'ben')]
    const { client } = await clientOf('smtp')
    await send(client, ['anna@example.org'], `${MESSAGE}${'x'.repeat(600)}\r\n`)
    await client.ask('MAIL FROM:<sender@example.com> SIZE=500')
    expect(await client.ask('RCPT TO:<anna@example.org>')).toBe('452 4.2.2 Mailbox is full')
    expect(await client.ask('RCPT TO:<ben@example.org>')).toMatch(/^250/)
    await client.ask('DATA')
    expect(await client.ask(`${MESSAGE}.`)).toMatch(/^250/)
    expect((await inboxOf(services, anna)).length).toBe(1)
    expect((await inboxOf(services, ben)).length).toBe(1)
  })

  it('a message that would not fit an empty mailbox is refused for good: 552 5.2.2', async () => {
    await accountWith(services, 'anna', 1000)
    const { client } = await clientOf('smtp')
    await client.ask('MAIL FROM:<sender@example.com> SIZE=1001')
    expect(await client.ask('RCPT TO:<anna@example.org>')).toMatch(/^552 5\.2\.2/)
  })

  it('the lines above it count: what only they make too large is refused for good as well', async () => {
    await accountWith(services, 'anna', 1000)
    const { client } = await clientOf('smtp')
    const most = `${MESSAGE}${'x'.repeat(900)}\r\n`
    expect(await send(client, ['anna@example.org'], most)).toEqual([
      '552 5.2.2 Message is larger than the mailbox may be',
    ])
  })

  it('what one of two can never get is put off for both: the other may have it', async () => {
    const gone = await accountWith(services, 'anna', 1000)
    await accountWith(services, 'ben')
    const to = ['anna@example.org', 'ben@example.org']
    const { client } = await clientOf('smtp')
    const later = [expect.stringMatching(/^451 /)]
    expect(await send(client, to, `${MESSAGE}${'x'.repeat(1000)}\r\n`)).toEqual(later)
    await client.ask('MAIL FROM:<sender@example.com>')
    for (const address of to) await client.ask(`RCPT TO:<${address}>`)
    await services.store.removeAccount(gone.id)
    await client.ask('DATA')
    expect([await client.ask(`${MESSAGE}.`)]).toEqual(later)
  })

  it('LMTP decides each apart where the size was not declared; SMTP takes it for all or for none', async () => {
    const [anna, ben] = [await accountWith(services, 'anna', 1500), await accountWith(services, 'ben')]
    const to = ['anna@example.org', 'ben@example.org']
    const large = `${MESSAGE}${'x'.repeat(1000)}\r\n`
    const { client: lmtp } = await clientOf('lmtp')
    expect(await send(lmtp, to, large, { replies: 2 })).toEqual(['250 2.0.0 OK', '250 2.0.0 OK'])
    expect(await send(lmtp, to, large, { replies: 2 })).toEqual(['452 4.2.2 Mailbox is full', '250 2.0.0 OK'])
    const { client: smtp } = await clientOf('smtp')
    expect(await send(smtp, to, large)).toEqual(['452 4.2.2 Mailbox is full'])
    expect((await inboxOf(services, anna)).length).toBe(1)
    expect((await inboxOf(services, ben)).length).toBe(2)
    // A larger quota counts at once.
    await setQuota(services, anna, 10_000)
    expect(await send(smtp, to, large)).toEqual(['250 2.0.0 OK'])
  })

  it('the same address twice gets the mail once', async () => {
    const account = await accountWith(services, 'anna')
    const { client } = await clientOf('lmtp')
    const replies = await send(client, ['anna@example.org', 'Anna@EXAMPLE.org'], MESSAGE, { replies: 2 })
    expect(replies).toEqual(['250 2.0.0 OK', '250 2.0.0 OK'])
    expect((await inboxOf(services, account)).length).toBe(1)
  })
})

/** Multipart, of bodies that go to the blob store. */
const withBodies = (count: number): string => {
  const bodies = Array.from({ length: count }, (_, n) => `--b\r\n\r\n${String(n).padEnd(40_000, 'x')}\r\n`)
  return `Content-Type: multipart/mixed; boundary=b\r\n\r\n${bodies.join('')}--b--\r\n`
}

async function blobCount(): Promise<number> {
  let count = 0
  for await (const _ of services.blobs.verify()) count++
  return count
}

describe('of mail that is not taken', () => {
  const ANNA_AND_BEN = ['anna@example.org', 'ben@example.org']

  it('nothing stays where the client leaves before its end', async () => {
    await accountWith(services, 'anna')
    const { client } = await clientOf('smtp')
    await client.ask('MAIL FROM:<>')
    await client.ask('RCPT TO:<anna@example.org>')
    await client.ask('DATA')
    client.end(withBodies(3))
    await client.rest()
    expect(await blobCount()).toBe(0)
    expect(await send((await clientOf('smtp')).client, ['anna@example.org'], withBodies(3))).toEqual([
      '250 2.0.0 OK',
    ])
    expect(await blobCount()).toBe(3)
  })

  it.each([
    ['smtp', ['452 4.2.2 Mailbox is full'], 0],
    ['lmtp', ['452 4.2.2 Mailbox is full', '250 2.0.0 OK'], 3],
  ] as const)('nothing stays where nobody gets it for want of room: %s', async (protocol, expected, kept) => {
    const anna = await accountWith(services, 'anna', 300_000)
    await accountWith(services, 'ben')
    const { client } = await clientOf(protocol)
    await send(client, ['anna@example.org'], `${MESSAGE}${'x\r\n'.repeat(9_000)}`.repeat(7))
    const before = await blobCount()
    const replies = await send(client, ANNA_AND_BEN, withBodies(3), { replies: expected.length })
    expect(replies).toEqual(expected)
    expect((await blobCount()) - before).toBe(kept)
    expect((await inboxOf(services, anna)).length).toBe(1)
  })

  it('nothing stays where it is too large for so many', async () => {
    await accountWith(services, 'anna')
    const { client } = await clientOf('smtp')
    const labels = Array.from({ length: 800 }, (_, n) => `anna+${n}@example.org`)
    expect(await send(client, labels, withBodies(100))).toEqual([expect.stringMatching(/^452 4\.5\.3/)])
    expect(await blobCount()).toBe(0)
  })

  it('no more is written than the roomiest of its recipients can take', async () => {
    await accountWith(services, 'anna', 100_000)
    await accountWith(services, 'ben', 200_000)
    const { blobs } = services
    let written = 0
    services = {
      ...services,
      blobs: {
        ...blobs,
        write() {
          const writer = blobs.write()
          return {
            write(octets) {
              written += octets.length
              return writer.write(octets)
            },
            seal: () => writer.seal(),
            finish: () => writer.finish(),
            abort: () => writer.abort(),
          }
        },
      },
    }
    const above = '552 5.2.2 Message is larger than the mailbox may be'
    const { client } = await clientOf('lmtp')
    expect(await send(client, ANNA_AND_BEN, withBodies(50), { replies: 2 })).toEqual([above, above])
    expect(written).toBeGreaterThan(0)
    expect(written).toBeLessThanOrEqual(200_000)
    expect(await blobCount()).toBe(0)
  })

  it('nobody is refused for the room that there was before', async () => {
    const anna = await accountWith(services, 'anna', 1000)
    const { client } = await clientOf('smtp')
    await client.ask('MAIL FROM:<>')
    await client.ask('RCPT TO:<anna@example.org>')
    await setQuota(services, anna, 1_000_000)
    await client.ask('DATA')
    expect(await client.ask(`${withBodies(3)}.`)).toBe('250 2.0.0 OK')
    expect((await inboxOf(services, anna)).length).toBe(1)
  })
})

describe('internationalized addresses', () => {
  it('receive with SMTPUTF8, and under the punycode of their domain', async () => {
    const account = await accountWith(services, 'andris')
    await addAddress(services, account, 'андрис@уайлддак.орг')
    const { client } = await clientOf('smtp')
    await send(client, ['андрис@уайлддак.орг'], 'Subject: привет\r\n\r\n', {
      from: 'жук@пример.рф',
      parameters: ' SMTPUTF8 BODY=8BITMIME',
    })
    await send(client, ['Андрис+метка@xn--80aalaxjd5d.xn--c1avg'], MESSAGE, { parameters: ' SMTPUTF8' })
    const [first, second] = (await inboxOf(services, account)).map((message) => message.toString())
    expect(first).toContain('Return-Path: <жук@пример.рф>\r\nDelivered-To: андрис@уайлддак.орг\r\n')
    expect(first).toContain(' with UTF8SMTP id ')
    expect(first).toContain('Subject: привет\r\n')
    expect(second).toContain('Delivered-To: Андрис+метка@xn--80aalaxjd5d.xn--c1avg\r\n')
  })

  it('without SMTPUTF8 are refused: 553 5.6.7', async () => {
    const { client } = await clientOf('smtp')
    await client.ask('MAIL FROM:<sender@example.com>')
    expect(await client.ask('RCPT TO:<андрис@уайлддак.орг>')).toMatch(/^553 5\.6\.7/)
  })
})

describe('header lines', () => {
  it('cannot be put in through addresses or the greeting', async () => {
    const account = await accountWith(services, 'anna')
    const { client } = await clientOf('smtp')
    expect(await client.ask('EHLO a\rX-Injected: yes')).toMatch(/^500/)
    expect(await client.ask('EHLO a\nX-Injected: yes')).toMatch(/^500/)
    expect(await client.ask('EHLO a;X-Injected:yes')).toMatch(/^501/)
    expect(await client.ask('MAIL FROM:<"a\nX-Injected: yes"@b>')).toMatch(/^500/)
    expect(await client.ask('MAIL FROM:<"a\\\rX-Injected: yes"@b>')).toMatch(/^500/)
    const from = '"> X-Injected: yes"@example.com'
    await send(client, ['anna@example.org'], MESSAGE, { from })
    const [stored = Buffer.alloc(0)] = await inboxOf(services, account)
    expect(stored.toString()).toMatch(/^Return-Path: <"> X-Injected: yes"@example\.com>\r\nDelivered-To/)
    expect(stored.toString()).not.toMatch(/^X-Injected/m)
  })
})
