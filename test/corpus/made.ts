// Made messages that break stores: each a name and its octets, the same at every run (RFC 5322, RFC 2045, RFC 2046).

import { createHash } from 'node:crypto'
import type { CorpusMessage } from '../support/corpus.js'

const HEADER =
  'From: a@example.org\r\nTo: b@example.org\r\nSubject: made\r\nDate: Sun, 22 Nov 2026 10:00:00 +0000\r\n'
const MIME = `${HEADER}MIME-Version: 1.0\r\n`
const PLAIN = `${MIME}Content-Type: text/plain\r\n\r\n`

export function madeMessages(): CorpusMessage[] {
  return [
    ...lineEnds(),
    ...headers(),
    ...dots(),
    ...base64(),
    made('long line of 300 KB', `${PLAIN}${'x'.repeat(300_000)}\r\nend\r\n`),
    made('long header line of 300 KB', `X-Long: ${'y'.repeat(300_000)}\r\n${PLAIN}body\r\n`),
    made('all octets', Buffer.concat([Buffer.from(PLAIN), allOctets(), Buffer.from('\r\n')])),
    made('10,000 parts', manyParts(10_000)),
    made('200 levels of multipart', nestedMultiparts(200)),
    made('200 levels of message', nestedMessages(200)),
    made('multipart without its end', unfinishedMultipart()),
    made('binary attachment of 1 MB', binaryAttachment(1_000_000)),
  ]
}

/** Its base64 round-trips: 76 characters a line, CRLF. Decoded size in octets. */
export function attachmentOf(octets: number): Buffer {
  const block = Buffer.from(
    noise(57 * 1024)
      .toString('base64')
      .replace(/.{76}/g, '$&\r\n'),
  )
  const blocks = Math.ceil(octets / (57 * 1024))
  const head = `${MIME}Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nsee attached\r\n--b\r\nContent-Type: application/octet-stream; name=big.bin\r\nContent-Transfer-Encoding: base64\r\nContent-Disposition: attachment; filename=big.bin\r\n\r\n`
  return Buffer.concat([
    Buffer.from(head),
    ...Array<Buffer>(blocks).fill(block),
    Buffer.from('\r\n--b--\r\n'),
  ])
}

function made(name: string, octets: string | Buffer): CorpusMessage {
  return { name, source: typeof octets === 'string' ? Buffer.from(octets, 'latin1') : octets }
}

function lineEnds(): CorpusMessage[] {
  return [
    made('bare LF', `${PLAIN}one\r\ntwo\nthree\nfour\r\n`),
    made('bare LF everywhere', `${PLAIN}one\ntwo\n`.replaceAll('\r\n', '\n')),
    made('bare LF that looks like the end of DATA', `${PLAIN}one\n.\ntwo\n.\r\nthree\r\n`),
    made('bare CR', `${PLAIN}one\rtwo\r\r\nthree\r`),
    made('bare CR everywhere', `${PLAIN}one\r\ntwo\r\n`.replaceAll('\r\n', '\r')),
    made('CR CR LF', `${PLAIN}one\r\r\ntwo\r\r\n\r\r\n`),
    made('LF CR', `${PLAIN}one\n\rtwo\n\r`),
    made('NUL', `${PLAIN}one\0two\r\n\0\r\n\0`),
    made('NUL in a header', `X-Nul: a\0b\r\n${PLAIN}body\r\n`),
    made('no line end', `${PLAIN}one`),
  ]
}

function headers(): CorpusMessage[] {
  return [
    made('8-bit headers', Buffer.from(`Subject: žņōž\r\nFrom: Андрис <андрис@уайлддак.орг>\r\n\r\nbody\r\n`)),
    made(
      '8-bit headers that are not UTF-8',
      'Subject: \xe9\xff\xfe\r\nFrom: Ren\xe9 <r@example.org>\r\n\r\nbody\r\n',
    ),
    made('no headers', '\r\nbody alone\r\n'),
    made('no headers, no empty line', 'this is no header and no body either'),
    made('no body', HEADER),
    made('no body, with the empty line', `${HEADER}\r\n`),
    made('header without its line end', HEADER.slice(0, -2)),
    made('one octet', 'x'),
    made('only CRLF', '\r\n'),
    made('only LF', '\n'),
    made('a header without a colon', `${HEADER}what is this\r\nX-After: yes\r\n\r\nbody\r\n`),
    made('folded with nothing but spaces', `${HEADER}X-Fold:\r\n \r\n\t\r\n value\r\n\r\nbody\r\n`),
    made('space before the colon', `Subject : spaced\r\nFrom\t: a@example.org\r\n\r\nbody\r\n`),
    made('mbox line first', `From a@example.org Sun Nov 22 10:00:00 2026\r\n${PLAIN}body\r\n`),
    made(
      'trace lines of its own',
      `Return-Path: <x@example.org>\r\nDelivered-To: y@example.org\r\n${PLAIN}body\r\n`,
    ),
  ]
}

function dots(): CorpusMessage[] {
  return [
    made('leading dots', `${PLAIN}.\r\n..\r\n...\r\n.one\r\n..two\r\n`),
    made('a dot first of all', `.X-Dot: yes\r\n${PLAIN}body\r\n`),
    made('a dot last without a line end', `${PLAIN}one\r\n.`),
    made('dots behind a bare LF and a bare CR', `${PLAIN}one\n.two\n..three\r.four\r..five\r\n`),
  ]
}

/** Small ones, and ones large enough to be cut out of the message and stored apart. */
function base64(): CorpusMessage[] {
  return [100, 400_000].flatMap((size) => {
    const text = noise(size).toString('base64')
    const lines = (width: number, end: string) => text.replace(new RegExp(`.{1,${width}}`, 'g'), `$&${end}`)
    const variants: Record<string, string> = {
      'that round-trips': lines(76, '\r\n'),
      'in lines of 75': lines(75, '\r\n'),
      'in lines of 77': lines(77, '\r\n'),
      'in one line': `${text}\r\n`,
      'with bare LF': lines(76, '\n'),
      'with one bare LF in the middle': lines(76, '\r\n').replace(/^((?:.*\r\n){1,3}.*)\r\n/, '$1\n'),
      'with a space behind each line': lines(76, ' \r\n'),
      'without padding': lines(76, '\r\n').replace(/=+/, ''),
      'with padding bits that are not zero': lines(76, '\r\n').replace(/.(=+)\r\n$/, 'B$1\r\n'),
      'with padding in the middle': lines(76, '\r\n').replace('\r\n', '==\r\n'),
      'with junk among it': lines(76, '\r\n').replace(/(.{40})/, '$1 !#%*\u00e9'),
      'with a short line in the middle': lines(76, '\r\n').replace(/(.{40})/, '$1\r\n'),
      'with empty lines at its end': `${lines(76, '\r\n')}\r\n\r\n`,
      'with text behind it': `${lines(76, '\r\n')}-- \r\na list's footer\r\n`,
      'without its last line end': lines(76, '\r\n').trimEnd(),
      'in the URL alphabet': lines(76, '\r\n').replaceAll('+', '-').replaceAll('/', '_'),
    }
    return Object.entries(variants).map(([name, body]) =>
      made(`base64 of ${size} octets ${name}`, attached(body)),
    )
  })
}

function attached(body: string): string {
  return `${MIME}Content-Type: multipart/mixed; boundary="=_b"\r\n\r\npreamble\r\n--=_b\r\nContent-Type: text/plain\r\n\r\ntext\r\n--=_b\r\nContent-Type: application/pdf\r\nContent-Transfer-Encoding: base64\r\n\r\n${body}\r\n--=_b--\r\nepilogue\r\n`
}

function binaryAttachment(size: number): Buffer {
  const body = noise(size).toString('latin1')
  return Buffer.from(attached(body).replace('Encoding: base64', 'Encoding: binary'), 'latin1')
}

function allOctets(): Buffer {
  return Buffer.from(Array.from({ length: 256 * 4 }, (_, at) => (at * 7 + (at >> 8)) & 0xff))
}

function manyParts(count: number): string {
  const parts = Array.from({ length: count }, (_, at) => `--b\r\nContent-ID: <${at}@x>\r\n\r\npart ${at}\r\n`)
  return `${MIME}Content-Type: multipart/mixed; boundary=b\r\n\r\n${parts.join('')}--b--\r\n`
}

function nestedMultiparts(levels: number): string {
  const opens = Array.from(
    { length: levels },
    (_, at) =>
      `Content-Type: multipart/mixed; boundary=level-${at}-\r\n\r\nbefore ${at}\r\n--level-${at}-\r\n`,
  )
  const closes = Array.from({ length: levels }, (_, at) => `\r\n--level-${levels - 1 - at}---\r\n`)
  return `${MIME}${opens.join('')}Content-Type: text/plain\r\n\r\nthe innermost\r\n${closes.join('')}`
}

function nestedMessages(levels: number): string {
  const opens = Array.from(
    { length: levels },
    (_, at) => `Subject: level ${at}\r\nContent-Type: message/rfc822\r\n\r\n`,
  )
  return `${MIME}${opens.join('')}Subject: the innermost\r\n\r\nbody\r\n`
}

function unfinishedMultipart(): string {
  return attached('QUJD').replace('--=_b--\r\nepilogue\r\n', '')
}

/** Octets that do not compress and never change: a chain of hashes. */
function noise(size: number): Buffer {
  const blocks: Buffer[] = []
  let block: Buffer = Buffer.from('eider')
  for (let length = 0; length < size; length += block.length) {
    block = createHash('sha512').update(block).digest()
    blocks.push(block)
  }
  return Buffer.concat(blocks).subarray(0, size)
}
