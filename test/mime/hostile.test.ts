// Messages made to be slow to read, or to be told of at length: each is parsed in time that grows with its length alone (a
// quadratic step would take minutes), the skeleton that is left of it stays small, and what is told of it is no more than
// some times its length.
import { expect, test } from 'vitest'
import { parseIn } from '../support/parsing.js'

const SLOWEST_MS = 5_000
const LARGEST_SKELETON = 600_000
/** Octets of ENVELOPE, BODYSTRUCTURE and the tree of parts together. */
const mostTold = (size: number): number => 100_000 + 16 * size

const times = (text: string, count: number): string => text.repeat(count)
const nested = (levels: number, boundary: (level: number) => string): string => {
  let source = ''
  for (let level = 0; level < levels; level++)
    source += `Content-Type: multipart/mixed; boundary="${boundary(level)}"\n\n--${boundary(level)}\n`
  return source
}
const numbered = (count: number, each: (index: number) => string): string =>
  Array.from({ length: count }, (_, index) => each(index)).join('')

const HTML = 'Content-Type: text/html\n\n'

test.each<[string, () => string]>([
  ['200,000 header fields', () => `${times('X-Field: value\r\n', 200_000)}\r\nbody`],
  ['200,000 lines that are no fields', () => times('no field\n', 200_000)],
  ['90,000 From fields', () => times('From: a@b\n', 90_000)],
  ['50,000 parameters', () => `Content-Type: text/plain; ${times('a=b; ', 50_000)}\n\nx`],
  [
    '50,000 continuations',
    () => `Content-Type: text/plain; ${numbered(50_000, (n) => `n*${n}*=a%20;`)}\n\nx`,
  ],
  ['100,000 addresses', () => `To: ${times('"x" <a@b>, ', 100_000)}\n\nx`],
  ['groups in groups', () => `To: ${times('a:', 300_000)}\n\nx`],
  ['open comments', () => `To: ${times('(', 900_000)}\n\nx`],
  ['open quotes', () => `To: ${times('"\\', 450_000)}\n\nx`],
  ['70,000 encoded words', () => `Subject: ${times('=?utf-8?q?a?= ', 70_000)}\n\nx`],
  ['broken encoded words', () => `Subject: ${times('=?utf-8?q?', 100_000)}\n\nx`],
  ['200,000 times re:', () => `Subject: ${times('re: ', 200_000)}\n\nx`],
  ['300,000 folds', () => `Subject: a${times('\n ', 300_000)}b\n\nx`],
  ['a header line of 30 MB', () => `Subject: ${times('x', 30_000_000)}`],
  ['a line of 300 KB', () => `Subject: x\n\n${times('x', 300_000)}\n`],
  ['20,000 messages in one another', () => `${times('Content-Type: message/rfc822\n\n', 20_000)}x`],
  ['20,000 multiparts in one another', () => nested(20_000, (level) => `b${level}`)],
  [
    '1,000,000 lines that are almost one of 99 delimiters',
    () => `${nested(99, (level) => times('-', 40) + level)}\n${times(`${times('-', 41)}\n`, 1_000_000)}`,
  ],
  ['20,000 parts', () => `Content-Type: multipart/mixed; boundary=b\n\n${times('--b\n\nx\n', 20_000)}`],
  [
    '1,600 long bodies with short ones between',
    () =>
      `Content-Type: multipart/mixed; boundary=b\n\n${times(`--b\n\n${times('x', 32_800)}\n--b\n\n${times('x', 7_900)}\n`, 1_600)}`,
  ],
  ['a preamble of 10 MB', () => `Content-Type: multipart/mixed; boundary=b\n\n${times('x\n', 5_000_000)}`],
  [
    'a delimiter line of 10 MB',
    () => `Content-Type: multipart/mixed; boundary=b\n\n--b${times('x', 10_000_000)}`,
  ],
  ['only CR', () => times('\r', 5_000_000)],
  ['only NUL', () => times('\0', 5_000_000)],
  ['only newlines', () => times('\n', 5_000_000)],
  ['open tags', () => HTML + times('<a b="', 80_000)],
  ['open comments in HTML', () => HTML + times('<!--', 120_000)],
  ['open scripts', () => HTML + times('<script>', 60_000)],
  ['ends of scripts', () => `${HTML}<script>${times('</script', 60_000)}`],
  ['blocks and blanks', () => HTML + times('<p> ', 120_000)],
  [
    'soft breaks that are none',
    () => `Content-Transfer-Encoding: quoted-printable\n\n${times('= ', 200_000)}`,
  ],
  ['a From of empty addresses', () => `From: ${times('@,', 10_000)}\n\nx`],
  ['a To of short addresses', () => `To: ${times('a,', 500_000)}\n\nx`],
  [
    '100 messages with 10,000 empty addresses each',
    () => {
      const message = `Content-Type: message/rfc822\n\nFrom: ${times('@,', 10_000)}\n\nx\n`
      return `Content-Type: multipart/mixed; boundary=b\n\n${times(`--b\n${message}`, 100)}`
    },
  ],
  [
    '10,000 parts of five octets',
    () => `Content-Type: multipart/mixed; boundary=b\n\n${times('--b\n\n', 10_000)}`,
  ],
  [
    '10,000 empty messages',
    () => `Content-Type: multipart/digest; boundary=b\n\n${times('--b\n\n\n', 10_000)}`,
  ],
  ['paddings', () => `Content-Transfer-Encoding: base64\n\n${times('A=', 200_000)}`],
])('%s', async (_, make) => {
  const source = Buffer.from(make(), 'latin1')
  for (const size of [source.length, 1_460]) {
    const began = performance.now()
    const { message } = await parseIn(source, [size])
    expect(performance.now() - began, 'milliseconds').toBeLessThan(SLOWEST_MS)
    expect(message.size).toBe(source.length)
    expect(message.skeleton.length).toBeLessThan(LARGEST_SKELETON)
    const { envelope, structure } = message.summary
    const told = envelope.length + structure.length + JSON.stringify(message.root).length
    expect(told).toBeLessThan(mostTold(message.size))
  }
})
