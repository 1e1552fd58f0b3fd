// ENVELOPE, BODYSTRUCTURE and BODY as they go over the wire. RFC 3501 §7.4.2; odd forms as Dovecot gives them.
import { expect, test } from 'vitest'
import { parse } from '../../test/support/parsing.js'
import { bodyResponse } from './structure.js'

const envelope = (header: string): string =>
  Buffer.from(parse(`${header}\r\n\r\n`).summary.envelope).toString('latin1')
const addresses = (value: string): string =>
  envelope(`Bcc: ${value}`).slice('(NIL NIL NIL NIL NIL NIL NIL '.length, -9)
const structure = (source: string): string => Buffer.from(parse(source).summary.structure).toString('latin1')

test('every field in its place', () => {
  const header =
    'Date: Mon, 7 Feb 1994 21:52:25 -0800\r\nFrom: Fred <f@x>\r\nSender: s@x\r\nReply-To: r@x\r\nTo: t@x\r\nCc: c@x\r\n' +
    'Bcc: b@x\r\nSubject: =?utf-8?q?a?=\r\nIn-Reply-To: <i@x>\r\nMessage-Id: <m@x>'
  expect(envelope(header)).toBe(
    '("Mon, 7 Feb 1994 21:52:25 -0800" "=?utf-8?q?a?=" (("Fred" NIL "f" "x")) ((NIL NIL "s" "x")) ((NIL NIL "r" "x")) ' +
      '((NIL NIL "t" "x")) ((NIL NIL "c" "x")) ((NIL NIL "b" "x")) "<i@x>" "<m@x>")',
  )
})

test('absent or empty Sender and Reply-To are From; absent text is NIL, empty text is empty', () => {
  expect(envelope('From: a@b\r\nReply-To: \r\nSubject:')).toBe(
    '(NIL "" ((NIL NIL "a" "b")) ((NIL NIL "a" "b")) ((NIL NIL "a" "b")) NIL NIL NIL NIL NIL)',
  )
})

test('folds, quotes, octets above 127 and NUL', () => {
  expect(envelope('Subject: a\r\n\t b')).toContain('"a b"')
  expect(envelope('Subject: "a\\b"')).toContain('"\\"a\\\\b\\""')
  expect(envelope('Subject: h\xe9')).toContain('{2}\r\nh\xe9 ')
  expect(envelope('Subject: a\0b')).toContain('{3}\r\na\x80b ')
})

test.each([
  ['a@b', '((NIL NIL "a" "b"))'],
  ['"A, B" <a@b>, c@d', '(("A, B" NIL "a" "b")(NIL NIL "c" "d"))'],
  ['J. Q. Public <a@b>', '(("J. Q. Public" NIL "a" "b"))'],
  ['a@b (Fred (x))', '(("Fred (x)" NIL "a" "b"))'],
  ['(c) a . b @ c . d', '((NIL NIL "a.b" "c.d"))'],
  ['a@[127.0.0.1]', '((NIL NIL "a" "[127.0.0.1]"))'],
  ['"x y"@z', '((NIL NIL "x y" "z"))'],
  ['<@r1,@r2:a@b>', '((NIL "@r1,@r2" "a" "b"))'],
  ['F <@r1, @r2 : a@b>', '(("F" "@r1,@r2" "a" "b"))'],
  [
    'team: a@b, C <c@d>;, e@f',
    '((NIL NIL "team" NIL)(NIL NIL "a" "b")("C" NIL "c" "d")(NIL NIL NIL NIL)(NIL NIL "e" "f"))',
  ],
  ['undisclosed-recipients:;', '((NIL NIL "undisclosed-recipients" NIL)(NIL NIL NIL NIL))'],
  ['fred', '((NIL NIL "fred" "MISSING_DOMAIN"))'],
  ['Fred <>', '(("Fred" NIL "MISSING_MAILBOX" "MISSING_DOMAIN"))'],
  ['<a@b', '((NIL NIL "a" "SYNTAX_ERROR"))'],
  [', a@b,, c@d,', '((NIL NIL "a" "b")(NIL NIL "c" "d"))'],
  ['=?utf-8?q?a_b?= =?utf-8?q?c?= <a@b>', '(("=?utf-8?q?a_b?= =?utf-8?q?c?=" NIL "a" "b"))'],
])('addresses: %s', (value, expected) => expect(addresses(value)).toBe(expected))

test('the text of addresses names groups too, so that SEARCH finds them', () => {
  const text = (value: string) => parse(`To: ${value}\r\n\r\n`).summary.to
  expect(text('A <a@b>, c@d')).toBe('A <a@b>, c@d')
  expect(text('x@y, team: a@b, C <c@d>;, e@f')).toBe('x@y, team: a@b, C <c@d>;, e@f')
  expect(text('nobody:;')).toBe('nobody:;')
})

test('a single part with everything', () => {
  const source =
    'Content-Type: TEXT/Plain; CharSet="UTF-8"; name*0="a "; name*1=b\r\nContent-ID: <i>\r\nContent-Description: d\r\n' +
    'Content-Transfer-Encoding: QUOTED-Printable\r\nContent-MD5: m==\r\nContent-Disposition: attachment; filename=f\r\n' +
    'Content-Language: en, de\r\nContent-Location: http://x/\r\n\r\na\r\nb\r\n'
  expect(structure(source)).toBe(
    '("text" "plain" ("CharSet" "UTF-8" "name" "a b") "<i>" "d" "quoted-printable" 6 2 "m==" ' +
      '("attachment" ("filename" "f")) ("en" "de") "http://x/")',
  )
})

test('text gets its charset, other types no lines, what cannot be read is text/plain', () => {
  const text = '"text" "plain" ("charset" "us-ascii") NIL NIL "7bit" 1 0 NIL NIL NIL NIL'
  expect(structure('\r\nx')).toBe(`(${text})`)
  expect(structure('Content-Type: foo bar/baz\r\n\r\nx')).toBe(`(${text})`)
  expect(structure('Content-Type: image/png\r\n\r\nx')).toBe(
    '("image" "png" NIL NIL NIL "7bit" 1 NIL NIL NIL NIL)',
  )
})

test('an enclosed message and a multipart, with and without extension data', () => {
  const source =
    'Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: message/rfc822\r\n\r\nSubject: x\r\n\r\ny\r\n\r\n--b--'
  const enclosed = '(NIL "x" NIL NIL NIL NIL NIL NIL NIL NIL)'
  expect(structure(source)).toBe(
    `(("message" "rfc822" NIL NIL NIL "7bit" 17 ${enclosed} ("text" "plain" ("charset" "us-ascii") NIL NIL "7bit" 3 1 ` +
      'NIL NIL NIL NIL) 3 NIL NIL NIL NIL) "mixed" ("boundary" "b") NIL NIL NIL)',
  )
  expect(bodyResponse(parse(source).root)).toBe(
    `(("message" "rfc822" NIL NIL NIL "7bit" 17 ${enclosed} ("text" "plain" ("charset" "us-ascii") NIL NIL "7bit" 3 1) 3) "mixed")`,
  )
})

test('a message/global is shown as a part of any other type', () => {
  expect(structure('Content-Type: message/global\r\n\r\nSubject: x\r\n\r\ny')).toBe(
    '("message" "global" NIL NIL NIL "7bit" 15 NIL NIL NIL NIL)',
  )
})

test('a multipart without parts shows an empty one', () => {
  expect(structure('Content-Type: multipart/mixed\r\n\r\nx')).toBe(
    '(("text" "plain" ("charset" "us-ascii") NIL NIL "7bit" 0 0 NIL NIL NIL NIL) "mixed" NIL NIL NIL NIL)',
  )
})

test.each([
  ["a*=utf-8''%41", '("a*" "utf-8\'\'%41" "charset" "us-ascii")'],
  ['z=1; a*0*=x\'\'%41; a*1="%"', '("z" "1" "a*" "x\'\'%41%25" "charset" "us-ascii")'],
  ['a*1=c; b*0=d', '("a*1" "c" "b" "d" "charset" "us-ascii")'],
  ['a=b c; d', '("a" "b" "charset" "us-ascii")'],
  ['n==?utf-8?q?a/b?=', '("n" "=?utf-8?q?a/b?=" "charset" "us-ascii")'],
  ['a (c) = (d) b (e)', '("a" "b" "charset" "us-ascii")'],
])('parameters: %s', (params, expected) => {
  expect(structure(`Content-Type: text/plain; ${params}\r\n\r\n`)).toContain(`"plain" ${expected} NIL`)
})
