// The grammar of every command, given anything at all: it is understood or refused, never anything else.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { octetsInUse } from '../../../test/support/collect-garbage.js'
import { Refusal } from '../reply.js'
import { Reader } from '../wire/reader.js'
import { SyntaxProblem } from '../wire/syntax-error.js'
import { findVerb } from './index.js'

const RUNS = Number(process.env['FUZZ_RUNS'] ?? 3000)
/** Octets, however many runs: nothing of what was read is kept, as a full run (FUZZ_RUNS=100000) shows. */
const MAX_GROWTH = 2 << 20

const NAMES = (
  'CAPABILITY NOOP LOGOUT ID STARTTLS AUTHENTICATE LOGIN ENABLE NAMESPACE IDLE SELECT EXAMINE CREATE DELETE RENAME ' +
  'SUBSCRIBE UNSUBSCRIBE LIST LSUB STATUS APPEND CHECK CLOSE UNSELECT EXPUNGE SEARCH FETCH STORE COPY MOVE'
).split(' ')

test('every command of RFC 3501 is there', () => {
  for (const name of NAMES) expect(findVerb(name)?.name).toBe(name)
  expect(findVerb('XYZZY')).toBeUndefined()
  expect(findVerb('constructor')).toBeUndefined()
})

const WORDS = [
  ...[
    '1',
    '1:*',
    '*',
    '4294967295',
    '4294967296',
    '0',
    '2,4:7',
    'INBOX',
    '"a b"',
    '"\\""',
    '{3}\r\nabc',
    '{3+}\r\nabc',
  ],
  ...[
    '{9}\r\nabc',
    '{5}\r\n',
    '(',
    ')',
    '()',
    '(\\Seen',
    '\\Deleted)',
    '$Work',
    '"17-Jul-1996 02:44:25 -0700"',
    '%',
    '*x',
  ],
  ...[
    'FLAGS',
    '+FLAGS.SILENT',
    '-FLAGS',
    'BODY[',
    'BODY.PEEK[]',
    'BODY[1.2.HEADER.FIELDS (A)]<0.5>',
    'BODY[MIME]',
    ']',
  ],
  ...[
    '<1.2>',
    'RFC822',
    'ENVELOPE',
    'ALL',
    'FULL',
    'CHARSET',
    'UTF-8',
    'X-NONE',
    'OR',
    'NOT',
    'SUBJECT',
    'SINCE',
    'UID',
  ],
  ...[
    '1-Feb-1994',
    'HEADER',
    'KEYWORD',
    'LARGER',
    'NEW',
    'MESSAGES',
    'NIL',
    'PLAIN',
    '=',
    'AGE=',
    '&',
    '&AGE-',
    '\0',
    '\r',
  ],
  ...['\n', '\x80\xff', '', ' ', 'constructor', '__proto__', 'toString'],
]

test('whatever follows a command is understood or refused', () => {
  const words = fc.array(fc.constantFrom(...WORDS), { maxLength: 12 })
  const rest = fc.oneof(
    words.map((parts) => parts.map((part) => ` ${part}`).join('')),
    words.map((parts) => ` ${parts.join('')}`),
    fc.string({ unit: 'binary', maxLength: 60 }),
  )
  const before = octetsInUse()
  fc.assert(
    fc.property(fc.constantFrom(...NAMES), fc.boolean(), rest, (name, byUid, text) => {
      const verb = findVerb(name)
      const octets = Buffer.from(text, 'latin1')
      for (const parse of [
        () => verb?.parse(new Reader(octets), byUid),
        () => verb?.parseStreamed?.(new Reader(octets), { size: 5, synchronising: true }),
      ]) {
        try {
          parse()
        } catch (error) {
          expect(error instanceof SyntaxProblem || error instanceof Refusal, String(error)).toBe(true)
        }
      }
    }),
    { numRuns: RUNS },
  )
  expect(octetsInUse() - before).toBeLessThan(MAX_GROWTH)
})
