// BDAT (RFC 3030 §2) against a target in memory: what chunks come out as, what is refused, and what becomes of the rest.

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { StoreError } from '../../src/store/errors.js'
import { codes, greeted, ONE_SENT, SEND_ONE, serve } from './memory-server.js'

const BEGIN = 'MAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\n'
const BEGUN = ['250 2.1.0', '250 2.1.5']

describe('BDAT', () => {
  it('takes a message in chunks, whatever its octets are, all in one flight', async () => {
    const { client, target } = await greeted()
    await client.send(
      `${BEGIN}BDAT 8\r\n.\r\nRSET\nbdat 0\r\nBDAT 9 LAST\r\n\r\n.\r\n\0\r\r\nNOOP\r\n${BEGIN}BDAT 0 last\r\n`,
    )
    expect(codes(await client.replies(9))).toEqual([
      ...BEGUN,
      ...Array(4).fill('250 2.0.0'),
      ...BEGUN,
      '250 2.0.0',
    ])
    expect(target.received.map(({ message }) => message)).toEqual(['.\r\nRSET\n\r\n.\r\n\0\r\r\n', ''])
    expect(target.aborted).toBe(0)
  })

  it('takes the same octet by octet, answering each chunk when it has come', async () => {
    const { client, target } = await greeted()
    await client.send(BEGIN)
    await client.replies(2)
    for (const [chunk, octets] of [
      ['BDAT 5', 'Hello'],
      ['BDAT 2 LAST', '\r\n'],
    ]) {
      for (const octet of `${chunk}\r\n${octets}`) await client.send(octet)
      expect(await client.reply()).toMatch(/^250 2\.0\.0/)
    }
    expect(target.received[0]?.message).toBe('Hello\r\n')
  })

  it('any message in any chunks comes out as it was', async () => {
    const { client, target } = await greeted()
    const chunks = fc.array(fc.uint8Array({ maxLength: 40 }), { minLength: 1, maxLength: 6 })
    await fc.assert(
      fc.asyncProperty(chunks, async (octets) => {
        const flight = octets.flatMap((chunk, i) => [
          Buffer.from(`BDAT ${chunk.length}${i === octets.length - 1 ? ' LAST' : ''}\r\n`),
          Buffer.from(chunk),
        ])
        await client.send(Buffer.concat([Buffer.from(BEGIN), ...flight]))
        expect((await client.replies(2 + octets.length)).every((reply) => reply.startsWith('250'))).toBe(true)
        expect(target.received.at(-1)?.message).toBe(Buffer.concat(octets).toString('latin1'))
      }),
    )
  })

  it('answers each recipient of LMTP at the last chunk, and no sooner', async () => {
    const { client, target } = await greeted({ protocol: 'lmtp' })
    await client.send(`${BEGIN}RCPT TO:<late@d>\r\nBDAT 4\r\nabcdBDAT 2 LAST\r\n\r\nNOOP\r\n`)
    expect(codes(await client.replies(7)).slice(3)).toEqual([
      '250 2.0.0',
      '250 2.0.0',
      '452 4.2.2',
      '250 2.0.0',
    ])
    expect(target.received[0]?.message).toBe('abcd\r\n')
  })

  it('is refused where no message can come, and its chunk is no command', async () => {
    const { client, target } = await greeted()
    await client.send('BDAT 6 LAST\r\nQUIT\r\nMAIL FROM:<a@b>\r\nBDAT 6\r\nQUIT\r\nRSET\r\n')
    expect(codes(await client.replies(4))).toEqual(['503 5.5.1', '250 2.1.0', '554 5.5.1', '250 2.0.0'])
    expect(target).toMatchObject({ received: [], aborted: 0 })
  })

  it.each(['DATA', 'RCPT TO:<e@f>', 'MAIL FROM:<a@b>'])(
    'between two chunks %s is refused with 503, and the message goes on',
    async (line) => {
      const { client, target } = await greeted()
      await client.send(`${BEGIN}BDAT 3\r\nabc${line}\r\nBDAT 3 LAST\r\ndef`)
      expect(codes(await client.replies(5)).slice(2)).toEqual(['250 2.0.0', '503 5.5.1', '250 2.0.0'])
      expect(target.received.map(({ message }) => message)).toEqual(['abcdef'])
    },
  )

  it.each(['RSET', 'EHLO again'])('%s drops what has come of it', async (line) => {
    const { client, target } = await greeted()
    await client.send(`${BEGIN}BDAT 3\r\nabc`)
    await client.replies(3)
    expect(await client.ask(line)).toMatch(/^250/)
    expect(await client.ask('BDAT 0 LAST')).toMatch(/^503/)
    await client.send(SEND_ONE)
    expect(codes(await client.replies(4))).toEqual(ONE_SENT)
    expect(target.received.map(({ message }) => message)).toEqual(['Hello\r\n'])
    expect(target.aborted).toBe(1)
  })

  it('a message above the limit is refused at the chunk that exceeds it, and so is all that follows of it', async () => {
    const { client, target } = await greeted({ messageMaxSize: 1000 })
    const chunk = `BDAT 600\r\n${'QUIT\r\n'.repeat(100)}`
    await client.send(
      `${BEGIN}${chunk.repeat(3)}RSET\r\n${BEGIN}${chunk.repeat(2)}BDAT 0 LAST\r\n${BEGIN}BDAT 2 LAST\r\n\r\n`,
    )
    expect(codes(await client.replies(14))).toEqual([
      ...BEGUN,
      '250 2.0.0',
      '552 5.3.4',
      '552 5.3.4',
      '250 2.0.0',
      ...BEGUN,
      '250 2.0.0',
      '552 5.3.4',
      '552 5.3.4',
      ...BEGUN,
      '250 2.0.0',
    ])
    expect(target.received.map(({ message }) => message)).toEqual(['\r\n'])
    expect(target.aborted).toBe(2)
  })

  it('a delivery that fails is answered as behind DATA', async () => {
    const { client, target } = await greeted({ protocol: 'lmtp' })
    target.deliverError = new StoreError('disk-full', 'on purpose')
    await client.send(`${BEGIN}RCPT TO:<e@f>\r\nBDAT 2 LAST\r\n\r\nNOOP\r\n`)
    expect(codes(await client.replies(6)).slice(3)).toEqual(['452 4.3.1', '452 4.3.1', '250 2.0.0'])
    expect(target.aborted).toBe(1)
  })

  it.each(['BDAT', 'BDAT x', 'BDAT -1', 'BDAT 1 FIRST', 'BDAT 1 LAST LAST', 'BDAT 9999999999999999'])(
    'after %j nothing can be told from a command: the connection ends, and nothing behind it is read',
    async (line) => {
      const { client, target } = await greeted()
      await client.send(`${line}\r\n${SEND_ONE}`)
      expect(await client.rest()).toMatch(/^421 4\.5\.4 [^\r]*\r\n$/)
      expect(target.received).toEqual([])
    },
  )
})

describe('a message that is never finished', () => {
  it('is dropped where its client leaves between two chunks', async () => {
    const { client, target, listener } = await greeted()
    await client.send(`${BEGIN}BDAT 3\r\nabc`)
    await client.replies(3)
    client.close()
    while (listener.size > 0) await new Promise(setImmediate)
    expect(target).toMatchObject({ received: [], aborted: 1 })
  })

  it('is dropped where its chunks take longer in all than they may, commands in between or not', async () => {
    const { open, target } = await serve({ limits: { transferMs: 300 } })
    for (const kept of ['BDAT 1\r\nx', 'NOOP\r\n', '']) {
      const client = await open()
      await client.send(`EHLO x\r\n${BEGIN}BDAT 3\r\nabc`)
      await client.replies(4)
      const drip = setInterval(() => void client.send(kept), 20)
      expect(await client.rest()).toMatch(/421 4\.4\.2 [^\r]*\r\n$/)
      clearInterval(drip)
    }
    expect(target).toMatchObject({ received: [], aborted: 3 })
  })

  it('is dropped at a shutdown', async () => {
    const { client, target, listener } = await greeted()
    await client.send(`${BEGIN}BDAT 3\r\nabc`)
    await client.replies(3)
    const closed = listener.close(5_000)
    expect(await client.rest()).toMatch(/^421 4\.3\.2/)
    await closed
    expect(target).toMatchObject({ received: [], aborted: 1 })
  })
})
