// The dialogue of SMTP and LMTP against a target in memory: the order of commands, and what each is answered.

import { describe, expect, it } from 'vitest'
import { StoreError } from '../../src/store/errors.js'
import { codes, greeted, ONE_SENT, SEND_ONE, serve } from './memory-server.js'

describe('SMTP', () => {
  it('announces what it does', async () => {
    const { open } = await serve()
    expect(await (await open()).ask('EHLO client.example')).toBe(
      [
        '250-mx.example',
        '250-PIPELINING',
        '250-SIZE 1048576',
        '250-8BITMIME',
        '250-SMTPUTF8',
        '250-CHUNKING',
        '250-STARTTLS',
        '250 ENHANCEDSTATUSCODES',
      ].join('\n'),
    )
  })

  it('takes a message, and another on the same connection', async () => {
    const { client, target } = await greeted()
    for (const _ of [1, 2]) {
      await client.send(SEND_ONE)
      expect(codes(await client.replies(4))).toEqual(ONE_SENT)
    }
    expect(target.received.map(({ message }) => message)).toEqual(['Hello\r\n', 'Hello\r\n'])
    expect(target.received[0]?.envelope).toMatchObject({
      client: { helo: 'client.example', extended: true, secure: false, remoteAddress: '127.0.0.1' },
      sender: { reversePath: 'a@b', declaredSize: undefined, utf8: false },
      recipients: [{ address: 'c@d' }],
    })
    expect(target.received[0]?.envelope.id).not.toBe(target.received[1]?.envelope.id)
    expect(await client.ask('QUIT')).toBe('221 2.0.0 Bye')
    expect(await client.rest()).toBe('')
  })

  it('takes the same octet by octet', async () => {
    const { client, target } = await greeted()
    for (const octet of SEND_ONE) await client.send(octet)
    expect(codes(await client.replies(4))).toEqual(ONE_SENT)
    expect(target.received[0]?.message).toBe('Hello\r\n')
  })

  it.each([
    ['MAIL FROM:<a@b>', '503 5.5.1 Say hello first'],
    ['RCPT TO:<a@b>', '503 5.5.1'],
    ['DATA', '503 5.5.1'],
    ['LHLO a', '500 5.5.1'],
    ['EHLO', '501 5.5.4'],
    ['EHLO a b', '501 5.5.4'],
    ['HELO <x>', '501 5.5.4'],
    ['NOOP whatever', '250 2.0.0'],
    ['VRFY someone', '252 2.1.5'],
    ['HELP', '214 2.0.0'],
    ['RSET', '250 2.0.0'],
    ['RSET now', '501 5.5.4'],
    ['AUTH PLAIN', '502 5.5.1'],
    ['EXPN list', '502 5.5.1'],
    ['GARBAGE', '500 5.5.1'],
    ['', '500 5.5.1'],
    ['NO\0OP', '500 5.5.2'],
    ['NOOP\nNOOP', '500 5.5.2'],
    ['NOOP\rNOOP', '500 5.5.2'],
    ['STARTTLS now', '501 5.5.4'],
    ['QUIT now', '501 5.5.4'],
  ])('before a greeting, %j is answered %s', async (line, expected) => {
    const { open } = await serve()
    expect(await (await open()).ask(line)).toMatch(new RegExp(`^${expected}`))
  })

  it.each([
    ['MAIL FROM:<a@b> SIZE=1048577', '552 5.3.4'],
    ['MAIL FROM:<a@b> SIZE=99999999999999999999', '552 5.3.4'],
    ['MAIL FROM:<a@b> SIZE=x', '501 5.5.4'],
    ['MAIL FROM:<a@b> SIZE', '501 5.5.4'],
    ['MAIL FROM:<a@b> BODY=8BITMIME', '250 2.1.0'],
    ['MAIL FROM:<a@b> BODY=7bit SIZE=1048576', '250 2.1.0'],
    ['MAIL FROM:<a@b> BODY=BINARYMIME', '501 5.5.4'],
    ['MAIL FROM:<a@b> SMTPUTF8=yes', '501 5.5.4'],
    ['MAIL FROM:<a@b> RET=HDRS', '555 5.5.4'],
    ['MAIL FROM:<>', '250 2.1.0'],
    ['MAIL FROM: <a@b>', '250 2.1.0'],
    ['MAIL FROM:a@b', '501 5.1.7'],
    ['MAIL TO:<a@b>', '501 5.1.7'],
    ['MAIL', '501 5.1.7'],
    ['RCPT TO:<a@b>', '503 5.5.1'],
    ['DATA', '503 5.5.1'],
  ])('%s is answered %s', async (line, expected) => {
    const { client } = await greeted()
    expect(await client.ask(line)).toMatch(new RegExp(`^${expected}`))
  })

  it.each([
    ['RCPT TO:<unknown@d>', '550 5.1.1'],
    ['RCPT TO:<full@d>', '452 4.2.2'],
    ['RCPT TO:<broken@d>', '451 4.3.0'],
    ['RCPT TO:<c@[127.0.0.1]>', '550 5.1.1'],
    ['RCPT TO:<@relay:c@d>', '250 2.1.5'],
    ['RCPT TO:<Postmaster>', '250 2.1.5'],
    ['RCPT TO:<>', '501 5.1.3'],
    ['RCPT TO:<c>', '501 5.1.3'],
    ['RCPT TO:<c@d> NOTIFY=NEVER', '555 5.5.4'],
    ['RCPT TO:<é@d>', '553 5.6.7'],
    ['DATA', '554 5.5.1'],
    ['MAIL FROM:<a@b>', '503 5.5.1'],
  ])('in a transaction, %s is answered %s', async (line, expected) => {
    const { client } = await greeted()
    await client.ask('MAIL FROM:<a@b>')
    expect(await client.ask(line)).toMatch(new RegExp(`^${expected}`))
  })

  it('takes UTF-8 addresses where SMTPUTF8 was said, and only there (RFC 6531 §3.5)', async () => {
    const { client, target } = await greeted()
    expect(await client.ask('MAIL FROM:<é@b>')).toMatch(/^553 5\.6\.7/)
    expect(await client.ask('MAIL FROM:<é@b> SMTPUTF8')).toMatch(/^250/)
    expect(await client.ask('RCPT TO:<андрис@уайлддак.орг>')).toMatch(/^250/)
    expect(await client.ask('DATA')).toMatch(/^354/)
    expect(await client.ask('.')).toMatch(/^250/)
    expect(target.received[0]?.envelope).toMatchObject({
      sender: { reversePath: 'é@b', utf8: true },
      recipients: [{ address: 'андрис@уайлддак.орг' }],
    })
  })

  it('a greeting and RSET drop the transaction', async () => {
    const { client } = await greeted()
    for (const line of ['RSET', 'EHLO again', 'HELO again']) {
      await client.ask('MAIL FROM:<a@b>')
      await client.ask('RCPT TO:<c@d>')
      expect(await client.ask(line)).toMatch(/^250/)
      expect(await client.ask('DATA')).toMatch(/^503/)
    }
  })

  it('a message over the limit is read to its end, refused, and the next one taken', async () => {
    const { client, target } = await greeted({ messageMaxSize: 1000 })
    await client.send(
      `MAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nDATA\r\n${'x'.repeat(100_000)}\r\n.\r\n${SEND_ONE}`,
    )
    expect(codes(await client.replies(8))).toEqual([
      '250 2.1.0',
      '250 2.1.5',
      '354 End d',
      '552 5.3.4',
      ...ONE_SENT,
    ])
    expect(target.received.map(({ message }) => message)).toEqual(['Hello\r\n'])
    expect(target.aborted).toBe(1)
  })

  it.each([
    ['disk-full', '452 4.3.1'],
    ['unavailable', '451 4.3.0'],
    ['corrupt', '451 4.3.0'],
    ['quota-exceeded', '452 4.2.2'],
    // Gone since RCPT: the address may be another account's by now.
    ['no-such-account', '451 4.3.0'],
  ] as const)(
    '%s, while the data comes and at its end, is answered %s and the connection lives on',
    async (code, expected) => {
      const { client, target } = await greeted()
      for (const where of ['writeError', 'deliverError'] as const) {
        target[where] = new StoreError(code, 'on purpose')
        await client.send(SEND_ONE)
        expect((await client.replies(4))[3]).toMatch(new RegExp(`^${expected}`))
        target[where] = undefined
      }
      await client.send(SEND_ONE)
      expect(codes(await client.replies(4))).toEqual(ONE_SENT)
      expect(target.received.length).toBe(1)
      expect(target.aborted).toBe(2)
    },
  )

  it('an error nobody foresaw is answered 451 and not told', async () => {
    const { client, target } = await greeted()
    target.deliverError = new Error('secret')
    await client.send(SEND_ONE)
    expect((await client.replies(4))[3]).toBe('451 4.3.0 Cannot take mail now; try again later')
  })
})

describe('LMTP (RFC 2033)', () => {
  it('wants LHLO, and answers each accepted recipient in turn', async () => {
    const { open, target } = await serve({ protocol: 'lmtp' })
    const client = await open()
    expect(await client.ask('EHLO x')).toMatch(/^500 5\.5\.1/)
    expect(await client.ask('HELO x')).toMatch(/^500 5\.5\.1/)
    expect(await client.ask('LHLO x')).toMatch(/^250-/)
    const rcpts = ['one@d', 'unknown@d', 'late@d', 'two@d']
      .map((address) => `RCPT TO:<${address}>\r\n`)
      .join('')
    await client.send(`MAIL FROM:<a@b>\r\n${rcpts}DATA\r\nHello\r\n.\r\nQUIT\r\n`)
    expect(codes(await client.replies(10))).toEqual([
      '250 2.1.0',
      '250 2.1.5',
      '550 5.1.1',
      '250 2.1.5',
      '250 2.1.5',
      '354 End d',
      '250 2.0.0',
      '452 4.2.2',
      '250 2.0.0',
      '221 2.0.0',
    ])
    expect(target.received.length).toBe(1)
  })

  it('without an accepted recipient DATA is refused with 503 (RFC 2033 §4.2)', async () => {
    const { client } = await greeted({ protocol: 'lmtp' })
    await client.send('MAIL FROM:<a@b>\r\nRCPT TO:<unknown@d>\r\nDATA\r\n')
    expect((await client.replies(3))[2]).toMatch(/^503/)
  })

  it('answers each recipient also where the whole message fails', async () => {
    const { client, target } = await greeted({ protocol: 'lmtp' })
    target.deliverError = new StoreError('disk-full', 'on purpose')
    await client.send('MAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nRCPT TO:<e@f>\r\nDATA\r\n.\r\nNOOP\r\n')
    expect(codes(await client.replies(7)).slice(4)).toEqual(['452 4.3.1', '452 4.3.1', '250 2.0.0'])
  })
})
