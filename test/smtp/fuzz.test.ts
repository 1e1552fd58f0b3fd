// Dialogues put together at random, in chunks cut at random: no throw, no hang, nothing but replies, and what was
// answered 250 at the end of data is what was delivered. FUZZ_RUNS says how many; a failure prints its seed.

import type { Socket } from 'node:net'
import { Duplex } from 'node:stream'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Connection } from '../../src/kit/listener.js'
import { silentLogger } from '../../src/kit/log.js'
import { Session } from '../../src/smtp/session.js'
import { DEFAULT_LIMITS } from '../../src/smtp/settings.js'
import { MemoryTarget } from './memory-target.js'

/** Octets of the whole process, the runner and its garbage included, however many runs. */
const MAX_GROWTH = 256 << 20
const RUNS = Number(process.env['FUZZ_RUNS'] ?? 2000)

/** The client's end of a connection without a network: pushes its chunks one by one, then leaves. */
class Wire extends Duplex {
  readonly #chunks: Buffer[]
  written = ''

  constructor(chunks: readonly Buffer[]) {
    super()
    this.#chunks = [...chunks]
  }

  override _read(): void {
    setImmediate(() => this.push(this.#chunks.shift() ?? null))
  }

  override _write(octets: Buffer, _encoding: string, done: () => void): void {
    this.written += octets.toString('latin1')
    done()
  }
}

async function converse(chunks: readonly Buffer[], protocol: 'smtp' | 'lmtp') {
  const wire = new Wire(chunks)
  const connection = new Connection({
    // Sessions use of a socket what every stream has.
    socket: wire as unknown as Socket,
    id: 'fuzz',
    remoteAddress: '192.0.2.1',
    tls: undefined,
    log: silentLogger,
  })
  const target = new MemoryTarget({ perRecipient: protocol === 'lmtp', limit: 500 })
  target.taken = '250 2.0.0 taken'
  const limits = { ...DEFAULT_LIMITS, commandLine: 100, recipients: 3, badRecipients: 5, badCommands: 30 }
  const settings = { protocol, hostname: 'mx.example', messageMaxSize: 500, limits }
  await new Session(connection, settings, target).run()
  wire.destroy()
  return { written: wire.written, target }
}

const line = fc.constantFrom(
  'EHLO a\r\n',
  'LHLO a\r\n',
  'HELO a\r\n',
  'MAIL FROM:<a@b>\r\n',
  'MAIL FROM:<> SIZE=10\r\n',
  'MAIL FROM:<é@b> SMTPUTF8 BODY=8BITMIME\r\n',
  'RCPT TO:<c@d>\r\n',
  'RCPT TO:<unknown@d>\r\n',
  'RCPT TO:<full@d>\r\n',
  'RCPT TO:<late@d>\r\n',
  'RCPT TO:<broken@d>\r\n',
  'DATA\r\n',
  'BDAT 0\r\n',
  'BDAT 6\r\n',
  'BDAT 300\r\n',
  'BDAT 6 LAST\r\n',
  'BDAT 6 FIRST\r\n',
  'text\r\n',
  '..\r\n',
  '.\r\n',
  'RSET\r\n',
  'STARTTLS\r\n',
  'QUIT\r\n',
)
const noise = fc.oneof(
  fc.constantFrom('\r', '\n', '\r\n', '.', '\0', '\xff', ' ', 'x'.repeat(99), 'y'.repeat(600)),
  fc.string({ maxLength: 20 }),
)
const begin = 'EHLO a\r\nLHLO a\r\nMAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\n'
const transaction = fc.constantFrom(
  `${begin}DATA\r\n`,
  `${begin}BDAT 6\r\n`,
  `${begin}RCPT TO:<late@d>\r\nDATA\r\ntext\r\n.\r\n`,
  `${begin}RCPT TO:<late@d>\r\nBDAT 6 LAST\r\ntext\r\n`,
)
const dialogue = fc
  .array(
    fc.oneof(
      { weight: 6, arbitrary: line },
      { weight: 2, arbitrary: noise },
      { weight: 3, arbitrary: transaction },
    ),
    { maxLength: 40 },
  )
  .map((parts) => Buffer.from(parts.join(''), 'latin1'))
const sizes = fc.array(fc.integer({ min: 1, max: 80 }), { minLength: 1, maxLength: 6 })

function cut(octets: Buffer, chunkSizes: readonly number[]): Buffer[] {
  const chunks: Buffer[] = []
  let at = 0
  for (let i = 0; at < octets.length; i++) {
    const size = chunkSizes[i % chunkSizes.length] ?? 1
    chunks.push(octets.subarray(at, at + size))
    at += size
  }
  return chunks
}

const REPLIES = /^(?:(?:\d{3}-[\x20-\x7e]*\r\n)*\d{3} [\x20-\x7e]*\r\n)+$/

describe.each(['smtp', 'lmtp'] as const)('any dialogue: %s', (protocol) => {
  it('is answered with replies alone, the same however it is cut', async () => {
    const before = process.memoryUsage().rss
    await fc.assert(
      fc.asyncProperty(dialogue, sizes, async (octets, chunkSizes) => {
        const whole = await converse([octets], protocol)
        const inPieces = await converse(cut(octets, chunkSizes), protocol)
        expect(whole.written).toMatch(REPLIES)
        expect(inPieces.written).toBe(whole.written)
        expect(inPieces.target.received).toEqual(whole.target.received)
        const { received } = whole.target
        const taken = whole.written.match(/^250 2\.0\.0 taken\r$/gm)?.length ?? 0
        // What answers the data is the target's word, and not the session's own.
        expect(whole.written).not.toMatch(/^354 .*\r\n250 (?!2\.0\.0 taken\r)/m)
        expect(taken).toBe(protocol === 'smtp' ? received.length : received.flatMap(inTime).length)
        // What chunks come out as is chunking.test.ts's to say.
        if (octets.includes('BDAT')) return
        let at = -1
        const sent = sentAsData(octets)
        for (const { message } of received) {
          at = sent.indexOf(message, at + 1)
          expect(at, message).toBeGreaterThanOrEqual(0)
        }
      }),
      { numRuns: RUNS },
    )
    expect(process.memoryUsage().rss - before).toBeLessThan(MAX_GROWTH)
  })
})

/** LMTP: the recipients that are not answered 452 in the end. */
const inTime = ({ envelope }: MemoryTarget['received'][number]) =>
  envelope.recipients.filter(({ address }) => !address.startsWith('late'))

/** In order, whatever stands between a DATA and the end of data, with one dot less where a line begins with one. */
function sentAsData(octets: Buffer): string[] {
  const dialogue = octets.toString('latin1')
  return Array.from(dialogue.matchAll(/DATA(?=\r\n)/g), (found) => {
    const [data = ''] = dialogue.slice(found.index + found[0].length).split('\r\n.\r\n', 1)
    return `${data}\r\n`.replaceAll('\r\n.', '\r\n').slice(2)
  })
}
