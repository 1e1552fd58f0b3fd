// The load generator's scanner must count the same however the stream is cut, or its figures mean nothing.
import { expect, test } from 'vitest'
import { ResponseScanner } from '../../bench/scanner.js'

const STREAM = Buffer.from(
  [
    '* OK ready',
    '* 3 EXISTS',
    '* 1 FETCH (FLAGS (\\Seen) UID 7)',
    '* 2 FETCH (BODY[] {25}\r\n* 9 FETCH\r\na1 OK fooled\r\n UID 8)',
    '* 3 FETCH (BODY[HEADER] {0}\r\n BODY[TEXT] {3}\r\n{9} FLAGS ())',
    '* 1 EXPUNGE',
    '* 5 RECENT',
    '* SEARCH 1 22 333',
    '* SEARCH',
    '* STATUS "a {3}" (MESSAGES 4)',
    'a1 OK done',
    'a12 NO [LIMIT] too much',
    '+ go on',
    '',
  ].join('\r\n'),
  'latin1',
)

function scan(cuts: readonly number[]): unknown {
  const told: string[] = []
  const scanner = new ResponseScanner({
    tagged: (tag, ok, text) => told.push(`${tag} ${ok} ${text}`),
    continuation: () => told.push('+'),
    exists: (count) => told.push(`exists ${count}`),
    untagged: (text) => told.push(text),
  })
  let at = 0
  for (const cut of [...cuts, STREAM.length]) {
    // The connection reads into one buffer again and again: what a chunk held is gone after feed.
    const chunk = Buffer.from(STREAM.subarray(at, cut))
    scanner.feed(chunk)
    chunk.fill(0)
    at = cut
  }
  const { octets, literalOctets, fetches, expunges, searchHits } = scanner
  return { told, octets, literalOctets, fetches, expunges, searchHits }
}

const WHOLE = {
  told: [
    'OK ready',
    'exists 3',
    'STATUS "a {3}" (MESSAGES 4)',
    '1 true OK done',
    '12 false NO [LIMIT] too much',
    '+',
  ],
  octets: STREAM.length,
  literalOctets: 28,
  fetches: 3,
  expunges: 1,
  searchHits: 3,
}

test('counts responses, not what stands in literals', () => expect(scan([])).toEqual(WHOLE))

test('counts the same wherever the stream is cut', () => {
  for (let first = 1; first < STREAM.length; first++) {
    expect(scan([first])).toEqual(WHOLE)
    if (first + 3 < STREAM.length) expect(scan([first, first + 3])).toEqual(WHOLE)
  }
})
