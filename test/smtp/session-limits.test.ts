// What a session does beside the dialogue: STARTTLS, limits, timeouts, shutdown; against a target in memory.

import { describe, expect, it, vi } from 'vitest'
import { cleanups, codes, greeted, ONE_SENT, SEND_ONE, serve } from './memory-server.js'

describe('STARTTLS (RFC 3207)', () => {
  it('forgets everything said before, and what was sent behind it', async () => {
    const { client, target } = await greeted()
    await client.send('MAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nSTARTTLS\r\nRSET\r\nMAIL FROM:<injected@b>\r\n')
    expect((await client.replies(3))[2]).toMatch(/^220 2\.0\.0/)
    await client.startTls()
    expect(await client.ask('DATA')).toMatch(/^503/)
    expect(await client.ask('MAIL FROM:<a@b>')).toMatch(/^503 5\.5\.1 Say hello/)
    expect(await client.ask('EHLO client.example')).not.toContain('STARTTLS')
    expect(await client.ask('STARTTLS')).toMatch(/^503/)
    await client.send(SEND_ONE)
    expect(codes(await client.replies(4))).toEqual(ONE_SENT)
    expect(target.received[0]?.envelope.client.secure).toBe(true)
    expect(target.received[0]?.envelope.sender.reversePath).toBe('a@b')
  })

  it('a client that speaks something else is let go, and others are served', async () => {
    const { client, open } = await greeted()
    await client.ask('STARTTLS')
    await client.send('this is no TLS\r\n'.repeat(10))
    await client.rest()
    expect(await (await open()).ask('NOOP')).toMatch(/^250/)
  })
})

describe('limits', () => {
  it('a line of 1 MB is skipped and answered 500 5.5.2', async () => {
    const { client } = await greeted()
    await client.send(`NOOP ${'x'.repeat(1 << 20)}\r\nNOOP\r\n`)
    expect(codes(await client.replies(2))).toEqual(['500 5.5.2', '250 2.0.0'])
  })

  it('recipients above the limit are told to come again', async () => {
    const { client, target } = await greeted({ limits: { recipients: 2 } })
    await client.send(`MAIL FROM:<a@b>\r\n${'RCPT TO:<c@d>\r\n'.repeat(3)}DATA\r\n.\r\n`)
    expect(codes(await client.replies(6))[3]).toBe('452 4.5.3')
    expect(target.received[0]?.envelope.recipients.length).toBe(2)
  })

  it('who guesses addresses is let go after 100 unknown ones', async () => {
    const { client } = await greeted()
    await client.send(`MAIL FROM:<a@b>\r\n${'RCPT TO:<unknown@d>\r\n'.repeat(5000)}`)
    const replies = (await client.rest()).trimEnd().split('\r\n')
    expect(replies.length).toBe(102)
    expect(replies[100]).toMatch(/^550 5\.1\.1/)
    expect(replies[101]).toMatch(/^421 4\.7\.0/)
  })

  it('who talks nonsense is let go', async () => {
    const { client } = await greeted({ limits: { badCommands: 5 } })
    await client.send('GET / HTTP/1.1\r\n'.repeat(10))
    const replies = (await client.rest()).trimEnd().split('\r\n')
    expect(codes(replies)).toEqual([...Array(5).fill('500 5.5.1'), '421 4.7.0'])
  })

  it('50,000 pipelined commands are answered, also to a client that reads late; another is served meanwhile', async () => {
    const { client, open } = await greeted()
    client.pause()
    const sent = client.send('NOOP\r\n'.repeat(50_000))
    expect(await (await open()).ask('NOOP')).toMatch(/^250/)
    client.resume()
    await sent
    void client.send('QUIT\r\n')
    expect(codes((await client.rest()).trimEnd().split('\r\n'))).toEqual([
      ...Array(50_000).fill('250 2.0.0'),
      '221 2.0.0',
    ])
  })
})

describe('timeouts', () => {
  it('a client that says nothing is let go', async () => {
    const { client } = await greeted({ limits: { commandMs: 50 } })
    expect(await client.rest()).toMatch(/^421 4\.4\.2/)
  })

  it('so is one that never ends its command, however often it sends an octet', async () => {
    const { client } = await greeted({ limits: { commandMs: 200 } })
    const drip = setInterval(() => void client.send('x'), 10)
    cleanups.push(() => clearInterval(drip))
    expect(await client.rest()).toMatch(/^421 4\.4\.2/)
  })

  it('so is one that stops in its data, and its message is dropped', async () => {
    const { client, target } = await greeted({ limits: { dataMs: 50 } })
    await client.send('MAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nDATA\r\nHello\r\n')
    await client.replies(3)
    expect(await client.rest()).toMatch(/^421 4\.4\.2/)
    expect(target).toMatchObject({ received: [], aborted: 1 })
  })

  it('so is one whose data takes longer in all than it may', async () => {
    const { client, target } = await greeted({ limits: { dataMs: 10_000, transferMs: 200 } })
    await client.send('MAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nDATA\r\n')
    await client.replies(3)
    const drip = setInterval(() => void client.send('x'), 10)
    cleanups.push(() => clearInterval(drip))
    expect(await client.rest()).toMatch(/^421 4\.4\.2/)
    expect(target.received).toEqual([])
  })

  it('so is one that does not read what became of its message', async () => {
    const { open, target, listener } = await serve({ protocol: 'lmtp', limits: { commandMs: 1_000 } })
    // More than two sockets' buffers take.
    target.reply = `250 2.0.0 ${'x'.repeat(64 * 2 ** 20)}`
    const client = await open()
    client.pause()
    await client.send(`LHLO client.example\r\n${SEND_ONE}`)
    await vi.waitFor(() => expect(target.received).toHaveLength(1), { timeout: 20_000 })
    await vi.waitFor(() => expect(listener.size).toBe(0), { timeout: 20_000 })
  })

  it('a client that leaves in its data leaves nothing', async () => {
    const { client, target, listener } = await greeted()
    await client.send('MAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nDATA\r\nHello\r\n')
    await client.replies(3)
    client.close()
    while (listener.size > 0) await new Promise(setImmediate)
    expect(target).toMatchObject({ received: [], aborted: 1 })
  })
})

describe('shutdown', () => {
  it('says 421 to those that wait, breaks off data under way, and finishes what was complete', async () => {
    const { open, target, listener, client: idle } = await greeted()
    const [sending, delivering] = [await open(), await open()]
    let deliver: () => void = () => {}
    target.gate = new Promise((resolve) => {
      deliver = resolve
    })
    await sending.ask('EHLO x')
    await delivering.ask('EHLO x')
    await sending.send('MAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nDATA\r\nHalf')
    await sending.replies(3)
    await delivering.send(SEND_ONE)
    while (target.delivering === 0) await new Promise(setImmediate)
    const closed = listener.close(5_000)
    expect(await idle.rest()).toMatch(/^421 4\.3\.2/)
    expect(await sending.rest()).toMatch(/^421 4\.3\.2/)
    expect(target.received).toEqual([])
    deliver()
    expect(codes((await delivering.rest()).trimEnd().split('\r\n'))).toEqual([...ONE_SENT, '421 4.3.2'])
    expect(target.received.length).toBe(1)
    await closed
  })
  it('a message broken off while its end was being written is not delivered: its sender was told 421', async () => {
    const { client, target, listener } = await greeted()
    await client.send('MAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nDATA\r\nHalf')
    await client.replies(3)
    let write: () => void = () => {}
    target.writeGate = new Promise((resolve) => {
      write = resolve
    })
    await client.send(' and the rest\r\n.\r\n')
    while (target.waiting === 0) await new Promise(setImmediate)
    const closed = listener.close(5_000)
    expect(await client.rest()).toMatch(/^421 4\.3\.2/)
    write()
    await closed
    while (target.aborted === 0) await new Promise(setImmediate)
    expect(target.received).toEqual([])
  })
})

describe('a client that closes its side', () => {
  it('gets the answers to all that it had sent', async () => {
    const { client, target, listener } = await greeted()
    client.end(`${SEND_ONE}`)
    expect(codes(await client.replies(4))).toEqual(ONE_SENT)
    expect(await client.rest()).toBe('')
    expect(target.received).toHaveLength(1)
    await vi.waitFor(() => expect(listener.size).toBe(0), { timeout: 20_000 })
  })

  it('in the middle of a message is let go, and nothing is delivered', async () => {
    const { client, target, listener } = await greeted({ protocol: 'lmtp' })
    client.end('MAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nDATA\r\nSubject: half')
    expect(codes(await client.replies(3))).toEqual(ONE_SENT.slice(0, 3))
    expect(await client.rest()).toBe('')
    expect(target.received).toEqual([])
    await vi.waitFor(() => expect(listener.size).toBe(0), { timeout: 20_000 })
  })
})
