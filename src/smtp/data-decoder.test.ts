// Mail data against a plain reading of RFC 5321 §4.5.2, in any chunking, and what must not end it.

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { DataDecoder } from './data-decoder.js'

const RUNS = Number(process.env['FUZZ_RUNS'] ?? 2000)

interface Decoded {
  readonly message: string
  readonly behind: string
  readonly ended: boolean
}

/** Feeds the text in chunks of the given sizes, over and over. */
function decode(text: string, sizes: readonly number[] = [text.length]): Decoded {
  const decoder = new DataDecoder()
  const octets = Buffer.from(text, 'latin1')
  const pieces: Buffer[] = []
  let at = 0
  for (let i = 0; at < octets.length && !decoder.ended; i++) {
    const chunk = octets.subarray(at, at + (sizes[i % sizes.length] ?? 1))
    at += decoder.push(chunk, pieces)
  }
  const message = Buffer.concat(pieces).toString('latin1')
  return { message, behind: octets.subarray(at).toString('latin1'), ended: decoder.ended }
}

/** What a client does: RFC 5321 §4.5.2, for a message that ends with CRLF or is empty. */
const stuff = (message: string): string => `${message.replace(/(^|\r\n)\./g, '$1..')}.\r\n`

/** The same by another way: line by line, CRLF alone ending one. */
function decodeByLines(text: string): Decoded {
  const lines = text.split('\r\n')
  const end = lines.indexOf('.')
  // The last piece is a line only once its CRLF is there.
  const ended = end !== -1 && end < lines.length - 1
  const unstuffed = (ended ? lines.slice(0, end) : lines).map((line) => line.replace(/^\./, ''))
  const message = ended ? unstuffed.map((line) => `${line}\r\n`).join('') : unstuffed.join('\r\n')
  return { message, behind: ended ? lines.slice(end + 1).join('\r\n') : '', ended }
}

const pieceOfMail = fc.constantFrom(
  '\r\n',
  '\r',
  '\n',
  '.',
  '..',
  'a',
  '\r\n.',
  '\n.\n',
  '\n.\r\n',
  '\r.\r',
  '\0',
)
const mail = fc.array(pieceOfMail, { maxLength: 30 }).map((pieces) => pieces.join(''))
const sizes = fc.array(fc.integer({ min: 1, max: 7 }), { minLength: 1, maxLength: 5 })

describe('the end of mail data', () => {
  it.each([
    ['LF.LF', 'a\n.\nb'],
    ['LF.CRLF', 'a\n.\r\nb'],
    ['CR.CR', 'a\r.\rb'],
    ['CR.CRLF', 'a\r.\r\nb'],
    ['CRLF.LF', 'a\r\n..\nb'],
    ['CRLF.CR', 'a\r\n..\rb'],
    ['LF.CR', 'a\n.\rb'],
    ['CRLF.CRCRLF', 'a\r\n..\r\r\nb'],
  ])('%s does not end it, and stays as it is', (_name, sent) => {
    const { message, behind, ended } = decode(`${sent}\r\n.\r\nQUIT\r\n`)
    expect(ended).toBe(true)
    expect(message).toBe(`${sent.replace('\r\n..', '\r\n.')}\r\n`)
    expect(behind).toBe('QUIT\r\n')
  })

  it('is found where DATA is followed by it at once: an empty message', () => {
    expect(decode('.\r\nQUIT\r\n')).toEqual({ message: '', behind: 'QUIT\r\n', ended: true })
  })

  it('is not there before its last octet', () => {
    for (const text of ['', 'a\r\n', 'a\r\n.', 'a\r\n.\r']) expect(decode(text).ended).toBe(false)
  })
})

describe('stuffed dots', () => {
  it('exactly one dot goes from a line that begins with one', () => {
    expect(decode('..\r\n...\r\n.a\r\na.\r\n.\r\n').message).toBe('.\r\n..\r\na\r\na.\r\n')
  })

  it('round trip: any message, stuffed and sent in any chunks, comes out as it was', () => {
    fc.assert(
      fc.property(mail, sizes, (text, chunks) => {
        const message = text === '' ? '' : `${text}\r\n`
        expect(decode(`${stuff(message)}NOOP\r\n`, chunks)).toEqual({
          message,
          behind: 'NOOP\r\n',
          ended: true,
        })
      }),
      { numRuns: RUNS },
    )
  })

  it('any octets in any chunks decode as when read line by line', () => {
    fc.assert(
      fc.property(mail, sizes, (text, chunks) => {
        const decoded = decode(text, chunks)
        const expected = decodeByLines(text)
        expect(decoded.ended).toBe(expected.ended)
        if (decoded.ended) expect(decoded).toEqual(expected)
      }),
      { numRuns: RUNS },
    )
  })
})
