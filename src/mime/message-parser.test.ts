// Messages of every shape that mail comes in: their octets stay, their tree is what RFC 2046 says, and limits hold.
import { isDeepStrictEqual } from 'node:util'
import { expect, test } from 'vitest'
import { MemorySink, parse, parseIn, rebuild } from '../../test/support/parsing.js'
import type { Part } from '../model/message.js'
import { MessageParser } from './message-parser.js'

const text = (source: string, part: Part): string => source.slice(part.body.start, part.body.end)

const types = (part: Part): unknown => {
  const own = `${part.type}/${part.subtype}`
  if (part.message !== undefined) return { [own]: types(part.message) }
  return part.children === undefined ? own : { [own]: part.children.map(types) }
}

test('a plain message is parsed at once, without a promise', () => {
  const source = 'From: a@b\r\nSubject: hi\r\n\r\nHello\r\nworld\r\n'
  const message = parse(source)
  expect(message.size).toBe(source.length)
  expect(message.skeleton.toString()).toBe(source)
  expect(message.cuts).toEqual([])
  expect(message.root).toMatchObject({ type: 'text', subtype: 'plain', lines: 2, encoding: '7bit' })
  expect(text(source, message.root)).toBe('Hello\r\nworld\r\n')
  expect(message.summary).toMatchObject({
    subject: 'hi',
    from: 'a@b',
    intro: 'Hello world',
    hasAttachments: false,
  })
  expect(message.text).toBeNull()
})

test('a multipart: preamble, delimiters and epilogue belong to no part', () => {
  const source =
    'Content-Type: multipart/mixed; boundary="=b"\n\npreamble\n--=b\n\none\n--=b  \nContent-Type: text/html\n\ntwo\n\n--=b--\nepilogue\n'
  const message = parse(source)
  expect(types(message.root)).toEqual({ 'multipart/mixed': ['text/plain', 'text/html'] })
  expect(message.root.children?.map((part) => text(source, part))).toEqual(['one', 'two\n'])
  expect(message.root.children?.map((part) => part.lines)).toEqual([0, 1])
  expect(message.root.body.end).toBe(source.length)
})

test('an outer delimiter ends what stands inside', () => {
  const source =
    'Content-Type: multipart/mixed; boundary=out\r\n\r\n--out\r\nContent-Type: multipart/mixed; boundary=in\r\n\r\n' +
    '--in\r\n\r\nx\r\n--out\r\nContent-Type: message/rfc822\r\n\r\nSubject: y\r\n\r\nz\r\n--out--\r\n'
  const message = parse(source)
  expect(types(message.root)).toEqual({
    'multipart/mixed': [{ 'multipart/mixed': ['text/plain'] }, { 'message/rfc822': 'text/plain' }],
  })
  const enclosed = message.root.children?.[1]
  expect(enclosed?.envelope).toBe('(NIL "y" NIL NIL NIL NIL NIL NIL NIL NIL)')
  expect(enclosed?.lines).toBe(2)
})

test('of boundaries that begin alike the longest counts', () => {
  const source =
    'Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: multipart/mixed; boundary=bb\n\n--bb\n\nx\n--bb--\n--b\n\ny\n--b--\n'
  expect(types(parse(source).root)).toEqual({
    'multipart/mixed': [{ 'multipart/mixed': ['text/plain'] }, 'text/plain'],
  })
})

const deep = (levels: number): string => {
  let source = ''
  for (let level = 0; level < levels; level++)
    source += `Content-Type: multipart/mixed; boundary=b${level}\n\n--b${level}\n`
  return `${source}\nx\n`
}

const depth = (part: Part): number =>
  1 + Math.max(0, ...(part.children ?? (part.message ? [part.message] : [])).map(depth))

test.each<[string, string | Buffer]>([
  ['nothing at all', ''],
  ['one newline', '\n'],
  ['no body', 'Subject: x\r\n\r\n'],
  ['no empty line', 'Subject: x'],
  ['no header', '\r\nbody'],
  ['no header, no empty line', 'just text\r\nmore text\r\n'],
  ['bare LF', 'Subject: x\n\na\nb\n'],
  ['bare CR', 'Subject: x\r\rbody\r'],
  ['CR before CRLF', 'Subject: x\r\r\n\r\nbody\r\r\n'],
  ['NUL', 'Sub\0ject: \0\r\n\r\n\0body\0'],
  ['8-bit header', Buffer.from('Subject: h\xe9llo\r\nFrom: \xc3\xa9 <a@b>\r\n\r\nb', 'latin1')],
  ['a line of 300 KB', `Subject: x\r\n\r\n${'x'.repeat(300_000)}\r\n`],
  ['a header line of 300 KB', `Subject: ${'x'.repeat(300_000)}\r\n\r\nbody`],
  ['leading dots', 'Subject: x\r\n\r\n.\r\n..\r\n.x\r\n'],
  ['10,000 parts', `Content-Type: multipart/mixed; boundary=b\n\n${'--b\n\nx\n'.repeat(10_000)}--b--\n`],
  ['200 levels', deep(200)],
  ['20,000 messages in one another', `${'Content-Type: message/rfc822\n\n'.repeat(20_000)}x`],
  ['only delimiters', `Content-Type: multipart/mixed; boundary=b\n\n${'--b\n'.repeat(50)}`],
  ['a delimiter without an end', 'Content-Type: multipart/mixed; boundary=b\n\n--b'],
  ['bad base64', `Content-Transfer-Encoding: base64\n\n${'QUJD=QUJD!\n'.repeat(5_000)}`],
])('stays what it was, however it comes: %s', async (_, made) => {
  const source = Buffer.from(made)
  const whole = await parseIn(source, [source.length + 1])
  expect(rebuild(whole).equals(source)).toBe(true)
  expect(whole.message.size).toBe(source.length)
  const sizes = source.length < 10_000 ? [1] : [313]
  expect(isDeepStrictEqual((await parseIn(source, sizes)).message, whole.message)).toBe(true)
})

test('limits: what lies behind them is opaque, not lost', () => {
  expect(depth(parse(deep(200)).root)).toBe(101)
  const parts = parse(`Content-Type: multipart/mixed; boundary=b\n\n${'--b\n\nx\n'.repeat(20)}`, {
    parts: { free: 100, octetsEach: 1, most: 10 },
  })
  expect(parts.root.children).toHaveLength(9)
  const addresses = parse(`To: ${'a@b, '.repeat(100)}\n\n`, {
    addresses: { free: 100, octetsEach: 1, most: 7 },
  })
  expect(addresses.summary.to.split(', ')).toHaveLength(7)
  const params = parse(`Content-Type: text/plain; ${'a=b; '.repeat(100)}\n\n`, { parameters: 7 })
  expect(params.root.params).toHaveLength(7)
  const header = parse(`X: ${'x'.repeat(500)}\nSubject: far\n\nbody`, { header: 300 })
  expect(header.summary.subject).toBe('')
  expect(header.root.header.end).toBe(518)
})

test('limits by length: parts by the octets before them, addresses by those of all headers', () => {
  const allowance = { free: 5, octetsEach: 10, most: 100 }
  const head = 'Content-Type: multipart/mixed; boundary=b\n\n'
  // The last part that is allowed takes the rest.
  expect(parse(`${head}${'--b\n\n'.repeat(100)}`, { parts: allowance }).root.children).toHaveLength(15)
  expect(parse(`${head}${'--b\n\n\nlong\n'.repeat(90)}`, { parts: allowance }).root.children).toHaveLength(90)
  const inner = `Content-Type: message/rfc822\n\nTo: ${'a,'.repeat(50)}\n\nx\n`
  const { root } = parse(`${head}--b\n${inner}--b\n${inner}`, { addresses: allowance })
  expect(root.children?.map(({ envelope }) => envelope?.match(/"a"/g)?.length)).toEqual([22, 14])
  const from = parse(`From: ${'a,'.repeat(50)}\n\n`, { addresses: allowance })
  expect(from.summary.from.split(', ')).toHaveLength(5)
})

test('a header beyond the limit, a preamble and many headers leave the skeleton', async () => {
  const long = await parseIn(Buffer.from(`X: ${'x'.repeat(3_000_000)}\n\nbody`), [10_000])
  expect(long.message.skeleton.length).toBeLessThan(300_000)
  expect(rebuild(long).length).toBe(3_000_009)
  const preamble = `Content-Type: multipart/mixed; boundary=b\n\n${'pre\n'.repeat(50_000)}--b\n\nx\n--b--\n`
  expect((await parseIn(Buffer.from(preamble), [10_000])).message.skeleton.length).toBeLessThan(1_000)
  const parts = `Content-Type: multipart/mixed; boundary=b\n\n${`--b\nX: ${'y'.repeat(200)}\n\nx\n`.repeat(9_000)}`
  const many = await parseIn(Buffer.from(parts), [10_000])
  expect(many.message.skeleton.length).toBeLessThan(400_000)
  expect(rebuild(many).toString() === parts).toBe(true)
})

const FIELD = 'X: y\r\n'
const HEADERS: [string, string][] = [
  ['a blank line', `${FIELD}\r\n`],
  ['LF', `${FIELD}\n`],
  ['no blank line', FIELD],
  ['a blank line past the limit', `X: ${'y'.repeat(5_000)}\r\n\r\n`],
  ['no blank line past the limit', `X: ${'y'.repeat(5_000)}\r\n`],
]

test.each(HEADERS)(
  'a header that a delimiter follows ends where it does though it leaves: %s',
  async (_, header) => {
    const before = `Content-Type: multipart/mixed; boundary=b\r\n\r\n${`--b\r\n\r\n${'x'.repeat(1_000)}\r\n`.repeat(90)}--b\r\n`
    const source = Buffer.from(`${before}${header}--b--\r\n`)
    const limits = { cutAt: 2_000, header: 3_000 }
    // The last header is what makes the skeleton too large.
    const spilled = await parseIn(source, [source.length], { ...limits, spillAt: before.length + 1 })
    expect(spilled.message.cuts.length).toBeGreaterThan(0)
    const part = parse(source, limits).root.children?.at(-1)
    expect(source.toString('latin1', part?.header.start, part?.header.end)).toBe(header.replace(/\r?\n$/, ''))
    expect(spilled.message.root.children?.at(-1)).toEqual(part)
  },
)

test('a sink that fails is told, and what was open is aborted', async () => {
  const sink = new MemorySink()
  const open = sink.open.bind(sink)
  sink.open = () => ({ ...open(), write: () => Promise.reject(new Error('disk full')) })
  const parser = new MessageParser(sink)
  const big = Buffer.from(`Subject: x\n\n${'x'.repeat(200_000)}`)
  await expect(async () => await parser.write(big)).rejects.toThrow('disk full')
  expect(sink.aborted).toBe(1)
})

test('a message broken off drops what it was writing', async () => {
  const sink = new MemorySink()
  const parser = new MessageParser(sink)
  await parser.write(Buffer.from(`Subject: x\n\n${'x'.repeat(200_000)}`))
  await parser.abort()
  expect([sink.opened, sink.aborted, sink.blobs.size]).toEqual([1, 1, 0])
})

test('of a message whose headers are longer than all that is read of them the rest is one part', () => {
  const headers = `Content-Type: text/plain; ${'x=y; '.repeat(200)}\r\n`
  const part = `--b\r\n${headers}\r\nbody\r\n`
  const source = `Content-Type: multipart/mixed; boundary=b\r\n\r\n${part.repeat(50)}--b--\r\n`
  const { root } = parse(source, { headers: 10 * headers.length })
  // That of the message counts as well, and each counts its empty line.
  expect(root.children).toHaveLength(11)
  const last = root.children?.at(-1)
  expect(last === undefined ? '' : text(source, last)).toContain('--b--')
})

test('the octets of a write may be used again', () => {
  const octets = Buffer.from('Subject: x\n\nbody')
  const parser = new MessageParser()
  parser.write(octets)
  octets.fill(0)
  expect(parser.end()).toMatchObject({ summary: { subject: 'x', intro: 'body' } })
})

test('the newline before a delimiter stays out of a cut, wherever the pieces end', async () => {
  const source = `Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\n${'x'.repeat(2_000)}\r\n--b--\r\n`
  const whole = await parseIn(Buffer.from(source), [source.length], { cutAt: 100 })
  expect(whole.message.cuts).toMatchObject([{ length: 2_000 }])
  const delimiter = source.lastIndexOf('--b--')
  for (let size = delimiter - 2; size <= delimiter + 5; size++)
    expect((await parseIn(Buffer.from(source), [size], { cutAt: 100 })).message).toEqual(whole.message)
})
