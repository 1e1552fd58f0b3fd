// Mutated and made-up messages: none makes the parser throw, hang or grow, whatever the pieces in which it comes, and
// each comes back byte for byte. FUZZ_RUNS says how many (100,000 for a full run), FUZZ_SEED repeats a run.
import { isDeepStrictEqual } from 'node:util'
import { expect, test } from 'vitest'
import { bodyResponse } from '../../src/mime/structure.js'
import { partText, textParts } from '../../src/mime/text.js'
import { octetsInUse } from '../support/collect-garbage.js'
import { readCorpus } from '../support/corpus.js'
import { parseIn, rebuild } from '../support/parsing.js'
import { type Random, randomNumbers } from '../support/random.js'

const RUNS = Number(process.env['FUZZ_RUNS'] ?? 3_000)
const SEED = Number(process.env['FUZZ_SEED'] ?? Date.now() % 1_000_000_000)
const LIMITS = {
  cutAt: 200,
  spillAt: 3_000,
  header: 2_000,
  levels: 10,
  parts: 50,
  parameters: 10,
  addresses: 20,
}
const LONGEST = 20_000
const SLOWEST_MS = 1_000
/** Octets, however many runs: nothing of what was read is kept. */
const MAX_GROWTH = 8 << 20

/** What parsers stumble over. */
const PIECES = [
  ...[
    '\r\n',
    '\n',
    '\r',
    '\0',
    '\r\n\r\n',
    ' ',
    '\t',
    '--',
    '--b',
    '--b--',
    '--bb\r\n',
    '\x80',
    '\xff',
    '"',
    '\\',
    '(',
  ],
  ...[
    ')',
    '<',
    '>',
    '@',
    ':',
    ';',
    ',',
    '=',
    '?',
    '=?utf-8?q?=',
    '=?x?b?',
    '?=',
    "*0*=utf-8''%",
    '*1=',
    '%41',
    '&#',
    '<!--',
  ],
  'Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n',
  'Content-Type: multipart/digest; boundary="bb"\r\n\r\n--bb\r\n',
  'Content-Type: message/rfc822\r\n\r\n',
  'Content-Type: text/html; charset=utf-7\r\n\r\n<p>',
  'Content-Transfer-Encoding: base64\r\n\r\nQUJDRA==\r\n',
  'Content-Transfer-Encoding: quoted-printable\r\n',
  `${'QUJD'.repeat(19)}\r\n`.repeat(8),
  'From: "a" <b@c>, d: e@f;\r\n',
  'Subject: =?iso-2022-jp?b?GyRC?=\r\n',
  'x'.repeat(500),
]

function madeUp(random: Random): Buffer {
  const pieces: string[] = []
  for (let count = random(60); count >= 0; count--) pieces.push(PIECES[random(PIECES.length)] ?? '')
  return Buffer.from(pieces.join(''), 'latin1')
}

function mutated(source: Buffer, random: Random): Buffer {
  let message = source.toString('latin1').slice(0, LONGEST)
  for (let count = random(6); count >= 0; count--) {
    const at = random(message.length + 1)
    const end = Math.min(message.length, at + random(40))
    const put =
      random(3) === 0
        ? message.slice(random(message.length + 1)).slice(0, 200)
        : PIECES[random(PIECES.length)]
    message = message.slice(0, at) + put + message.slice(random(2) === 0 ? at : end)
  }
  return Buffer.from(message, 'latin1')
}

async function checkOne(source: Buffer, random: Random): Promise<void> {
  const sizes = [1 + random(50), 1 + random(3_000)]
  const limits = random(2) === 0 ? LIMITS : {}
  const parsed = await parseIn(source, sizes, limits)
  const { message } = parsed
  expect(rebuild(parsed).equals(source), 'rebuilt').toBe(true)
  const otherwise = await parseIn(source, [1 + random(9_000)], limits)
  expect(isDeepStrictEqual(message, otherwise.message), 'the same in other pieces').toBe(true)
  expect(message.size).toBe(source.length)
  const { structure, envelope } = message.summary
  expect(structure.length + envelope.length, 'grown').toBeLessThan(20 * source.length + 2_000)
  bodyResponse(message.root)
  for (const part of textParts(message.root)) partText(part, source.subarray(part.body.start, part.body.end))
}

test(`${RUNS} messages`, { timeout: 3_600_000 }, async () => {
  console.log(`mime fuzz: ${RUNS} runs, FUZZ_SEED=${SEED}`)
  const random = randomNumbers(SEED)
  const corpus = readCorpus()
  let slowest = 0
  const before = octetsInUse()
  for (let run = 0; run < RUNS; run++) {
    const from = corpus[random(Math.max(1, corpus.length))]
    const source = from === undefined || random(3) === 0 ? madeUp(random) : mutated(from.source, random)
    const began = performance.now()
    try {
      await checkOne(source, random)
    } catch (error) {
      throw new Error(`run ${run} of seed ${SEED}: ${source.toString('latin1').slice(0, 2_000)}`, {
        cause: error,
      })
    }
    slowest = Math.max(slowest, performance.now() - began)
  }
  expect(slowest, 'milliseconds of the slowest').toBeLessThan(SLOWEST_MS)
  expect(octetsInUse() - before, 'octets kept').toBeLessThan(MAX_GROWTH)
})
