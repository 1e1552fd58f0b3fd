// Commands, paths and parameters: RFC 5321 §4.1, RFC 6531 §3.3; and anything at all.

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isHeloDomain, parseCommand, parsePathArgument } from './grammar.js'

const RUNS = Number(process.env['FUZZ_RUNS'] ?? 2000)
const from = (text: string) => parsePathArgument(text, 'FROM:')?.path
const to = (text: string) => parsePathArgument(text, 'TO:')?.path

describe('a command', () => {
  it('has a verb in any case, and an argument without spaces at its end', () => {
    expect(parseCommand(Buffer.from('mail FROM:<a@b>  '))).toEqual({ verb: 'MAIL', argument: 'FROM:<a@b>' })
    expect(parseCommand(Buffer.from('NOOP'))).toEqual({ verb: 'NOOP', argument: '' })
  })

  it.each(['NO\0OP', 'NOOP\n', 'RCPT TO:<a@b>\rX', '\x7f', '\t'])(
    'with a control character is none: %j',
    (text) => {
      expect(parseCommand(Buffer.from(text))).toBeUndefined()
    },
  )

  it('may hold UTF-8, and nothing else above ASCII', () => {
    expect(parseCommand(Buffer.from('RCPT TO:<андрис@x>'))?.argument).toBe('TO:<андрис@x>')
    expect(parseCommand(Buffer.from([0x41, 0x20, 0xff]))).toBeUndefined()
    // U+0085, a line's end to some.
    expect(parseCommand(Buffer.from('A \u0085'))).toBeUndefined()
  })
})

describe('a path', () => {
  it.each([
    ['<a@b.example>', 'a@b.example'],
    [' <a@b.example>', 'a@b.example'],
    ['<"a"@b.example>', 'a@b.example'],
    ['<"a b"@b.example>', '"a b"@b.example'],
    ['<"a\\"b"@b.example>', '"a\\"b"@b.example'],
    ['<"a\\b"@b.example>', 'ab@b.example'],
    ['<a+label@b.example>', 'a+label@b.example'],
    ['<@relay.example,@other.example:a@b.example>', 'a@b.example'],
    ['<андрис@уайлддак.орг>', 'андрис@уайлддак.орг'],
  ])('%s is %s', (text, expected) => {
    expect(from(`FROM:${text}`)).toEqual({ text: expected, kind: 'mailbox' })
    expect(to(`to:${text}`)).toEqual({ text: expected, kind: 'mailbox' })
  })

  it('may be null, or postmaster alone, each in its place', () => {
    expect(from('FROM:<>')).toEqual({ text: '', kind: 'null' })
    expect(to('TO:<>')).toBeUndefined()
    expect(to('TO:<Postmaster>')).toEqual({ text: 'postmaster', kind: 'postmaster' })
    expect(from('FROM:<Postmaster>')).toBeUndefined()
  })

  it('may end in an address literal, which names no domain', () => {
    expect(to('TO:<a@[127.0.0.1]>')?.kind).toBe('literal')
    expect(to('TO:<a@[IPv6:::1]>')?.kind).toBe('literal')
  })

  it.each([
    'a@b',
    '<a>',
    '<a@>',
    '<@b>',
    '<a@b',
    '<a@b>x',
    '<a..b@c>',
    '<.a@c>',
    '<a.@c>',
    '<a b@c>',
    '<a@b c>',
    '<a@b@c>',
    '<a@b,c@d>',
    '<"a@b>',
    '<""@b>',
    `<${'a'.repeat(1000)}@b>`,
    '',
  ])('%s is none', (text) => {
    expect(to(`TO:${text}`)).toBeUndefined()
  })
})

describe('parameters', () => {
  it('have keywords in any case, with or without a value', () => {
    const parsed = parsePathArgument('FROM:<a@b> size=12  SMTPUTF8 SMTPUTF8', 'FROM:')
    expect([...(parsed?.parameters ?? [])]).toEqual([
      ['SIZE', '12'],
      ['SMTPUTF8', undefined],
    ])
  })

  it.each(['=', 'A=', 'A=B=C', '-A', 'SIZE=1 SIZE=2', 'BODY BODY=7BIT'])('%s are none', (text) => {
    expect(parsePathArgument(`FROM:<a@b> ${text}`, 'FROM:')).toBeUndefined()
  })
})

describe('a HELO domain', () => {
  it('is a domain or an address literal', () => {
    for (const text of ['a', 'a.example', 'my_host', '[127.0.0.1]', '[IPv6:::1]'])
      expect(isHeloDomain(text)).toBe(true)
    for (const text of ['', 'a b', 'a\r\nX: y', 'a(b)', '<a>', 'a;', 'x'.repeat(256)])
      expect(isHeloDomain(text)).toBe(false)
  })
})

describe('anything at all', () => {
  const fragment = fc.constantFrom(
    '<',
    '>',
    '@',
    '"',
    '\\',
    '.',
    ':',
    ',',
    ' ',
    'a',
    'é',
    '[',
    ']',
    '=',
    'FROM:',
    '😀',
  )
  const near = fc.array(fragment, { maxLength: 60 }).map((parts) => parts.join(''))

  it('is read without a throw, and no address holds what could end a header line', () => {
    fc.assert(
      fc.property(fc.oneof(near, fc.string({ unit: 'binary', maxLength: 200 })), (text) => {
        const command = parseCommand(Buffer.from(`MAIL FROM:${text}`))
        const path = command && parsePathArgument(command.argument, 'FROM:')?.path
        if (path !== undefined) expect(path.text).not.toMatch(/[\x00-\x1f\x7f]/)
      }),
      { numRuns: RUNS },
    )
  })

  it('takes no time that grows faster than its length', () => {
    for (const part of ['a.', '"\\a', '@a,', 'a@', '<"']) {
      const started = performance.now()
      from(`FROM:<${part.repeat(100_000)}`)
      expect(performance.now() - started).toBeLessThan(500)
    }
  })
})
