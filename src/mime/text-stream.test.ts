// Reading a body in pieces gives what reading it at a stretch gives, wherever the pieces end.
import { isUtf8 } from 'node:buffer'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { decodeBody, partText } from './text.js'
import { TextStream } from './text-stream.js'

function inPieces(
  part: ConstructorParameters<typeof TextStream>[0],
  body: Buffer,
  cuts: readonly number[],
): string {
  const stream = new TextStream(part)
  let text = ''
  let at = 0
  for (const cut of [...cuts].sort((a, b) => a - b)) {
    text += stream.push(body.subarray(at, Math.max(at, cut)))
    at = Math.max(at, cut)
  }
  return text + stream.push(body.subarray(at)) + stream.end()
}

const HTML = [
  '<p>',
  '</p>',
  '<b title="a b">',
  '<!-- x -->',
  '<script>',
  '</script>',
  '<title>',
  '</title',
  '>',
  '<',
  '/',
]
const WORDS = [
  'a',
  ' ',
  '\r\n',
  '\n',
  '&',
  '&amp;',
  '&nbsp',
  ';',
  '&#233;',
  'é',
  '€',
  '😀',
  '=',
  '=E9',
  '=\r\n',
  '==',
  'QUJD',
  '\t',
]
const source = fc.array(fc.constantFrom(...HTML, ...WORDS), { maxLength: 40 }).map((words) => words.join(''))
const charset = fc.constantFrom('', 'utf-8', 'iso-8859-1', 'utf-16le', 'shift_jis', 'utf-7', 'x-unknown')

test('in any pieces', () => {
  fc.assert(
    fc.property(
      source,
      charset,
      fc.constantFrom('7bit', 'base64', 'quoted-printable'),
      fc.constantFrom('plain', 'html'),
      fc.array(fc.nat(200)),
      (text, name, encoding, subtype, cuts) => {
        const params: [string, string][] = name === '' ? [] : [['charset', name]]
        const part = { type: 'text', subtype, params, encoding }
        const octets = Buffer.from(text)
        const body = encoding === 'base64' ? Buffer.from(`${octets.toString('base64')}\r\n`) : octets
        // Without a charset UTF-8 that turns out to be none is read differently: what came before stays.
        fc.pre(!['', 'x-unknown'].includes(name) || isUtf8(decodeBody(part, body)))
        const whole = inPieces(part, body, cuts)
        expect(subtype === 'html' ? whole.trim() : whole).toBe(partText(part, body))
      },
    ),
    { numRuns: 3_000 },
  )
})

const plain = (encoding: string) => ({ type: 'text', subtype: 'plain', params: [], encoding })

test('base64 with stray characters and paddings', () => {
  const body = Buffer.from('QUJD\n*QU-JD=\r\nQQ==QUJDRA=\n=')
  for (let cut = 0; cut <= body.length; cut++) {
    expect(inPieces(plain('base64'), body, [cut])).toBe(partText(plain('base64'), body))
  }
})

test('where no charset is named: UTF-8, else windows-1252', () => {
  const body = Buffer.from('a\xe9b\x80', 'latin1')
  for (let cut = 0; cut <= body.length; cut++) {
    expect(inPieces(plain('8bit'), body, [cut])).toBe('aéb€')
  }
})

test('a line of quoted-printable without an end is cut between its escapes', () => {
  const body = Buffer.from(`${'=41 = b'.repeat(60_000)}`)
  const cuts = Array.from({ length: 40 }, (_, at) => at * 10_007)
  expect(inPieces(plain('quoted-printable'), body, cuts)).toBe(partText(plain('quoted-printable'), body))
})
