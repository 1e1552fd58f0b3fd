// Whatever is cut out of a message, its source comes back: base64 that an encoder wrote, and base64 that none would.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { parseIn, rebuild } from '../../test/support/parsing.js'

const header = 'Content-Type: application/octet-stream\r\nContent-Transfer-Encoding: base64\r\n\r\n'
const octets = (size: number): Buffer =>
  Buffer.from(Array.from({ length: size }, (_, index) => (index * 7) & 255))

function lines(body: Buffer, lineLength: number, newline: string, last = true): string {
  const parts = body.toString('base64').match(new RegExp(`.{1,${lineLength}}`, 'g')) ?? []
  return parts.join(newline) + (last ? newline : '')
}

const parsed = (body: string, sizes: readonly number[] = [4_000]) =>
  parseIn(Buffer.from(header + body, 'latin1'), sizes, { cutAt: 2_000 })

test.each([
  ['CRLF', 76, '\r\n', true],
  ['LF', 76, '\n', true],
  ['no last newline', 60, '\r\n', false],
  ['short lines', 4, '\n', true],
  ['long lines', 1024, '\r\n', true],
])('canonical base64 is stored decoded: %s', async (_, lineLength, newline, last) => {
  const body = octets(20_000)
  const result = await parsed(lines(body, lineLength, newline, last))
  expect(result.message.cuts).toHaveLength(1)
  expect(result.message.cuts[0]).toMatchObject({ at: header.length, blobSize: body.length })
  expect([...result.sink.blobs.values()][0]).toEqual(body)
  expect(result.message.skeleton.toString()).toBe(header)
  expect(rebuild(result).toString()).toBe(header + lines(body, lineLength, newline, last))
})

const good = lines(octets(5_000), 76, '\r\n')
test.each([
  ['a stray character late', `${good.slice(0, 4_000)}!${good.slice(4_001)}`, ['base64', 'identity']],
  ['a stray character early', `${good.slice(0, 50)} ${good.slice(51)}`, ['identity']],
  ['a shorter line in the middle', `${good.slice(0, 78 * 30)}QUJD\r\n${good}`, ['base64', 'identity']],
  ['one bare LF', good.replace(/\r\n(?=(?:.{76}\r\n){20})/, '\n'), ['identity']],
  ['padding in the middle', `${good.slice(0, 78 * 40 - 4)}==\r\n${good}`, ['base64', 'identity']],
  ['bits behind the padding', lines(octets(4_999), 76, '\r\n').replace(/.=(\r\n)$/, 'B=$1'), ['base64']],
  ['something behind it', `${good}\r\n-- \r\nsent from somewhere\r\n`, ['base64']],
  ['lines of 75', lines(octets(5_000), 75, '\r\n'), ['identity']],
  ['one line', octets(5_000).toString('base64'), ['identity']],
  ['blank lines first', `\r\n\r\n${good}`, ['identity']],
])('base64 with a flaw is kept as it is: %s', async (_, body, forms) => {
  const result = await parsed(body)
  expect(result.message.cuts.map((cut) => cut.form.kind)).toEqual(forms)
  expect(rebuild(result).toString('latin1')).toBe(header + body)
  const inPieces = await parsed(body, [1, 77, 500])
  expect(inPieces.message).toEqual(result.message)
})

const piece = fc.oneof(
  fc.constantFrom('\r\n', '\n', '=', '==', '!', ' ', 'QUJD', 'QUJDRA==', '--b\r\n', '--b--\r\n', '\r\n\r\n'),
  fc.nat({ max: 60 }).map((count) => `${'QUJD'.repeat(19)}\r\n`.repeat(count)),
  fc.nat({ max: 3_000 }).map((count) => 'text '.repeat(count)),
)

test('any body, any pieces, any range', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(piece, { maxLength: 12 }),
      fc.array(fc.integer({ min: 1, max: 5_000 }), { minLength: 1, maxLength: 4 }),
      fc.tuple(fc.nat(30_000), fc.nat(3_000), fc.integer({ min: 1, max: 2_000 })),
      async (pieces, sizes, [start, length, read]) => {
        const start0 = `Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n${header}`
        const source = Buffer.from(start0 + pieces.join(''), 'latin1')
        const limits = { cutAt: 500, spillAt: 1_500 }
        const result = await parseIn(source, sizes, limits)
        expect(rebuild(result).equals(source)).toBe(true)
        const range = rebuild(result, start, start + length, read)
        expect(range.equals(source.subarray(start, start + length))).toBe(true)
        expect((await parseIn(source, [source.length + 1], limits)).message).toEqual(result.message)
      },
    ),
    { numRuns: 300 },
  )
})
