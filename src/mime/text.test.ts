// What a reader sees of a message, however it is encoded: text for search, intro, decoded headers.
import { expect, test } from 'vitest'
import { parse } from '../../test/support/parsing.js'
import { baseSubject } from './base-subject.js'
import { readDate } from './dates.js'
import { decodeWords } from './encoded-words.js'
import { htmlText } from './html-text.js'
import { decodeBody, decodedHeaderText, textParts } from './text.js'

const latin1 = (text: string): string => Buffer.from(text, 'utf8').toString('latin1')

test.each([
  ['plain', 'plain'],
  ['=?utf-8?q?caf=C3=A9_au_lait?=', 'café au lait'],
  ['=?UTF-8?B?w6k=?=', 'é'],
  ['=?utf-8?b?4oKs4oI=?= =?utf-8?b?rA==?=', '€€'],
  ['=?iso-8859-1?q?=E9?= x =?utf-8*en?q?y?=', 'é x y'],
  ['=?iso-2022-jp?b?GyRCJCIbKEI=?=', 'あ'],
  ['=?utf-7?q?+AOk-?=', 'é'],
  ['=?x-unknown?q?=E9?=', 'é'],
  ['=?utf-8?x?bad?= =?broken', '=?utf-8?x?bad?= =?broken'],
  ['=?windows-1252?q?=80_=93x=94?=', '€ “x”'],
  [latin1('é'), 'é'],
  ['\xe9', 'é'],
])('encoded words: %s', (value, expected) => expect(decodeWords(value)).toBe(expected))

test.each([
  ['Re: [list] Re: hello (fwd)', 'hello'],
  ['[Fwd: Fw: [x] hello]', 'hello'],
  ['RE[2]: A  b', 'a b'],
  ['[only]', '[only]'],
  ['', ''],
])('base subject: %s', (subject, base) => expect(baseSubject(subject)).toBe(base))

test.each([
  ['Mon, 7 Feb 1994 21:52:25 -0800', '1994-02-08T05:52:25.000Z', -480],
  ['7 Feb 94 21:52 EST (comment)', '1994-02-08T02:52:00.000Z', -300],
  ['Thu, 01 Jan 2026 00:00:00 GMT', '2026-01-01T00:00:00.000Z', 0],
  ['Thu Jan  1 00:00:00 2026', '2026-01-01T00:00:00.000Z', 0],
  ['1-Jan-2026 10:00:00 +0530', '2026-01-01T04:30:00.000Z', 330],
])('date: %s', (value, time, zone) => {
  expect(readDate(value)).toEqual({ time: Date.parse(time), zone })
})

test.each(['', 'yesterday', '32 Jan 2026 00:00:00 +0000', '1 Foo 2026', '1 Jan 2026 99:99'])(
  'no date: %s',
  (value) => expect(readDate(value)).toBeUndefined(),
)

test.each([
  ['<p>a</p><p>b &amp; c</p>', 'a\nb & c'],
  ['<head><title>t</title><style>x{}</style></head>a<script>b</script>c', 'a\nc'],
  ['a<!-- <b>x --> b<br>c', 'a b\nc'],
  ['<a href="x>y">link</a> <b>bold</b>ly', 'link boldly'],
  ['&eacute;&#233;&#xe9;&nbsp;&unknown;&#0;', 'ééé &unknown;\ufffd'],
  ['1 < 2 <', '1 < 2 <'],
  ['a\r\n  b', 'a b'],
  ['<SCRIPT>never closed', ''],
  ['<p title="never closed', ''],
])('visible text of %s', (html, expected) => expect(htmlText(html)).toBe(expected))

test('the text of every text part, also of enclosed messages', () => {
  const source =
    'Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/html\nContent-Transfer-Encoding: quoted-printable\n\n' +
    `<p>caf=E9=\n s</p><!-- ${'-'.repeat(2048)} -->  \n--b\nContent-Type: message/rfc822\n\nContent-Transfer-Encoding: base64\n\nw6kK\n--b\n` +
    'Content-Type: image/png\n\nnot this\n--b--\n'
  const message = parse(source)
  expect(message.text).toBe('café s\né\n')
  expect(message.summary.intro).toBe('café s')
  expect(message.summary.hasAttachments).toBe(true)
  expect(textParts(message.root).map((part) => part.subtype)).toEqual(['html', 'plain'])
})

test('bodies that are soon decoded are text too, in their order, where more of the kind comes', () => {
  const page = (word: string): string =>
    `--b\nContent-Type: text/html\n\n<b>${word}</b><!-- ${'-'.repeat(1000)} -->\n`
  const made = (...pages: string[]): string =>
    `Content-Type: multipart/mixed; boundary=b\n\n--b\n\nplain\n${pages.join('')}--b--\n`
  expect(parse(made(page('one'))).text).toBeNull()
  expect(parse(made(page('one'), page('two'), page('three'))).text).toBe('plain\none\ntwo\nthree')
})

test('of alternatives the plain one is the intro, wherever it stands', () => {
  const part = (type: string, text: string): string => `--b\nContent-Type: text/${type}\n\n${text}\n`
  const made = (...parts: string[]): string =>
    `Content-Type: multipart/alternative; boundary=b\n\n${parts.join('')}--b--\n`
  expect(parse(made(part('plain', 'P'), part('html', 'H'))).summary.intro).toBe('P')
  expect(parse(made(part('html', 'H'), part('plain', 'P'))).summary.intro).toBe('P')
  expect(parse(made(part('plain', ' '), part('html', 'H'))).summary.intro).toBe('H')
})

test('an intro has at most 256 characters and no half surrogate pair', () => {
  const { intro } = parse(`\n\n${'x'.repeat(255)}\xf0\x9f\x98\x80`).summary
  expect(intro).toBe('x'.repeat(255))
})

test('the text is left out where it is soon decoded, and where it is too long', () => {
  expect(parse('\nhello').text).toBeNull()
  expect(parse(`Content-Type: text/plain; charset=utf-8\n\n${latin1('é')}`).text).toBeNull()
  const most = '\xe9'.repeat(2048)
  for (const type of ['', 'Content-Type: text/plain; charset=iso-8859-1\n']) {
    expect(parse(`${type}\n${most}`).text).toBeNull()
    expect(parse(`${type}\n${most}\xe9`).text).toBe('é'.repeat(2049))
  }
  const long = parse(`Content-Type: text/html\n\n<p>${'long '.repeat(60_000)}`)
  expect(long.text).toBeNull()
  expect(long.summary.intro).toMatch(/^long long/)
})

test('bad transfer encodings are read as far as they go', () => {
  const decode = (encoding: string, body: string): string =>
    decodeBody({ encoding }, Buffer.from(body, 'latin1')).toString('latin1')
  expect(decode('base64', 'QUJD\n*QU-JD=')).toBe('ABCABC')
  expect(decode('base64', 'QQ==QUJD')).toBe('AABC')
  expect(decode('quoted-printable', 'a=3D=3=\r\nb=xx \t\r\nc=')).toBe('a==3b=xx\r\nc')
  expect(decode('x-other', 'a=3D')).toBe('a=3D')
})

test('all fields of a header, decoded', () => {
  const header = Buffer.from(
    'Subject: =?utf-8?q?caf=C3=A9?=\r\nTo: a\r\n\tb\r\nnot a field\r\nX: \xe9\r\n\r\n',
    'latin1',
  )
  expect(decodedHeaderText(header)).toBe('Subject: café\nTo: a b\nX: é')
})

test('a line end inside an encoded word begins no field', () => {
  const header = Buffer.from('Subject: =?utf-8?Q?hi=0AX-Spam:_YES?=\r\nTo: =?utf-8?B?YQ0KYg==?=\r\n\r\n')
  expect(decodedHeaderText(header)).toBe('Subject: hi X-Spam: YES\nTo: a b')
})

test('ids, threads and addresses of the summary', () => {
  const reply = parse(
    'Message-ID: <c@x>\nIn-Reply-To: <b@x>\nReferences: <a@x>\n <b@x>\nFrom: =?utf-8?q?J=C3=B6?= <j@x>\n\n',
  )
  expect(reply.summary).toMatchObject({ messageId: 'c@x', inReplyTo: 'b@x', references: ['a@x', 'b@x'] })
  expect(reply.summary.from).toBe('Jö <j@x>')
  expect(parse('Message-ID: <a@x>\n\n').summary.threadId).toBe(reply.summary.threadId)
  expect(reply.summary.threadId).toMatch(/^[0-9a-f]{16}$/)
  expect(parse('Subject: 1\n\n').summary.threadId).not.toBe(parse('Subject: 2\n\n').summary.threadId)
})
