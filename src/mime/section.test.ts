// The example of RFC 3501 §6.4.5, and what its numbers mean where there is no such part.
import { expect, test } from 'vitest'
import { parse } from '../../test/support/parsing.js'
import { findSection, type Section } from './section.js'

/** 1 text, 2 a message with one part, 3 a message with two, 4 a multipart with a text. */
const SOURCE = [
  'Subject: outer\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n',
  '--b\r\nX: 1\r\n\r\none\r\n',
  '--b\r\nContent-Type: message/rfc822\r\n\r\nSubject: in\r\n\r\ntwo\r\n',
  '--b\r\nContent-Type: message/rfc822\r\n\r\nContent-Type: multipart/mixed; boundary=c\r\n\r\n',
  '--c\r\n\r\n3.1\r\n--c\r\n\r\n3.2\r\n--c--\r\n',
  '--b\r\nContent-Type: multipart/mixed; boundary=d\r\n\r\n--d\r\n\r\n4.1\r\n--d--\r\n',
  '--b--\r\n',
].join('')
const ROOT = parse(SOURCE).root

function section(part: string, text: Section['text'] = ''): string {
  const span = findSection(ROOT, { part: part === '' ? [] : part.split('.').map(Number), text })
  return span === 'absent' ? 'absent' : SOURCE.slice(span.start, span.end)
}

test.each<[string, Section['text'], string]>([
  ['', '', SOURCE],
  ['', 'MIME', 'absent'],
  ['1', '', 'one'],
  ['1', 'MIME', 'X: 1\r\n\r\n'],
  ['1', 'HEADER', 'absent'],
  ['1', 'TEXT', 'absent'],
  ['1.1', '', 'absent'],
  ['2', '', 'Subject: in\r\n\r\ntwo'],
  ['2', 'MIME', 'Content-Type: message/rfc822\r\n\r\n'],
  ['2', 'HEADER', 'Subject: in\r\n\r\n'],
  ['2', 'TEXT', 'two'],
  ['2.1', '', 'two'],
  ['2.1', 'MIME', 'Subject: in\r\n\r\n'],
  ['2.2', '', 'absent'],
  ['3.1', '', '3.1'],
  ['3.2', '', '3.2'],
  ['3.2', 'MIME', '\r\n'],
  ['3.3', '', 'absent'],
  ['4', '', '--d\r\n\r\n4.1\r\n--d--\r\n'],
  ['4.1', '', '4.1'],
  ['4', 'HEADER', 'absent'],
  ['0', '', 'absent'],
  ['5', '', 'absent'],
])('BODY[%s %s]', (part, text, expected) => expect(section(part, text)).toBe(expected))

test('HEADER and TEXT of the message itself', () => {
  expect(section('', 'HEADER') + section('', 'TEXT')).toBe(SOURCE)
  expect(section('', 'HEADER')).toMatch(/^Subject: outer\r\n.*boundary=b\r\n\r\n$/)
})

test('a message that is no multipart has one part, its body', () => {
  const source = 'Subject: x\r\n\r\nbody'
  const root = parse(source).root
  expect(findSection(root, { part: [1], text: '' })).toEqual(root.body)
  expect(findSection(root, { part: [1], text: 'MIME' })).toEqual(root.header)
  expect(findSection(root, { part: [1, 1], text: '' })).toBe('absent')
})
