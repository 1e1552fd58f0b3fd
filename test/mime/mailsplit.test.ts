// The tree, the types and the decoded bodies of every message of the corpus, held against @zone-eu/mailsplit. Where the
// two differ the table says why and in what; any other difference fails, and so does a row that no difference needs.
import { createHash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { corpusIsThere, readCorpus } from '../support/corpus.js'
import { parse } from '../support/parsing.js'
import { partsByEider, partsByMailsplit } from './mailsplit.js'

const ENCLOSED =
  'mailsplit does not look into an enclosed message that has a name, is an attachment, encoded or the root (RFC 2046 §5.2.1)'
const EMPTY = 'a delimiter ends the header that it stands in, and between two of them is an empty part'
const PREFIX = 'a delimiter line need only begin with the boundary (RFC 2046 §5.1.1)'
const BLANKS = 'mailsplit takes the blanks off the end of a quoted boundary'
const DIGEST = 'the parts of a digest are messages by default (RFC 2046 §5.1.5)'
const DELIMITER_NEWLINE = 'the newline before a delimiter is its own, even of an empty body (RFC 2046 §5.1.1)'
const SEMICOLON = 'Eider reads a boundary that stands behind the type without a semicolon'

/** The message, why the two differ, and the first digits of what `difference` hashes. */
const ACCEPTED: readonly (readonly [name: string, why: string, digest: string])[] = [
  ['malformed/000.eml', EMPTY, 'f0c685e0'],
  ['malformed/004.eml', PREFIX, '4cd669a3'],
  ['malformed/007.eml', EMPTY, '3af6b009'],
  ['malformed/010.eml', ENCLOSED, '4ba9a5c4'],
  ['malformed/012.eml', ENCLOSED, '447668c8'],
  ['malformed/017.eml', SEMICOLON, '1cca5718'],
  ['malformed/022.eml', ENCLOSED, 'c71df49b'],
  ['mime4j/2002_06_12_doublebound.msg', EMPTY, '7579d46a'],
  ['mime4j/bad-newlines-multiple-parts-base64.msg', ENCLOSED, '474100e5'],
  ['mime4j/base64encoded-rfc822message-nested.msg', ENCLOSED, '474100e5'],
  ['mime4j/base64encoded-rfc822message.msg', ENCLOSED, '474100e5'],
  ['mime4j/double-bound.msg', EMPTY, '7e404c0b'],
  ['mime4j/ending-boundaries.msg', PREFIX, '538aed0a'],
  ['mime4j/multi-2gifs-base64.msg', ENCLOSED, '474100e5'],
  ['mime4j/multi-badnames.msg', DELIMITER_NEWLINE, 'a4b6a2ea'],
  ['mime4j/multi-digest.msg', DIGEST, 'd2e2d3b8'],
  ['mime4j/multi-frag.msg', ENCLOSED, 'de0967e6'],
  ['mime4j/multi-nested.msg', ENCLOSED, 'e418c42b'],
  ['mime4j/multi-nested2.msg', ENCLOSED, 'e418c42b'],
  ['mime4j/multi-nested3.msg', ENCLOSED, 'e418c42b'],
  ['mime4j/multipartdigestnestedemptyparts.msg', DIGEST, '8d9c4084'],
  ['mime4j/multipartemptypart.msg', EMPTY, '1b2bd62f'],
  ['mime4j/multipartnestedemptyparts.msg', EMPTY, '23bc92c3'],
  ['mime4j/very-long-boundary.msg', BLANKS, 'cef6d937'],
  ['mime4j/very-very-long-boundary.msg', PREFIX, '7faaf4b3'],
  ['mime4j/weird-boundary.msg', BLANKS, '09fb1426'],
  ['rfc/000.eml', ENCLOSED, '3c2d669a'],
  ['rfc/004.eml', DIGEST, 'ba2ec123'],
  ['rfc/007.eml', ENCLOSED, '9bce6478'],
  ['rfc/008.eml', ENCLOSED, 'f843a05f'],
  ['rfc/009.eml', ENCLOSED, 'c0704fe1'],
  ['thirdparty/007.eml', DIGEST, '0d871ce4'],
  ['thirdparty/008.eml', ENCLOSED, '32500428'],
  ['thirdparty/012.eml', ENCLOSED, 'ca7c7ede'],
  ['thirdparty/015.eml', ENCLOSED, '4ac37bb7'],
]

const NAMES = new Set(ACCEPTED.map(([name]) => name))

const difference = (ours: readonly string[], theirs: readonly string[]): string =>
  createHash('sha256')
    .update(JSON.stringify([ours, theirs]))
    .digest('hex')
    .slice(0, 8)

describe.skipIf(!corpusIsThere)('held against mailsplit', () => {
  test('every message has the same parts, or a reason why not', async () => {
    const different: string[] = []
    let parts = 0
    for (const { name, source } of readCorpus()) {
      const ours = partsByEider(parse(source), source)
      const theirs = await partsByMailsplit(source)
      parts += ours.length
      if (ours.join('\n') !== theirs.join('\n')) {
        different.push(`${name} ${difference(ours, theirs)}`)
        if (!NAMES.has(name)) expect(ours, name).toEqual(theirs)
      }
    }
    expect(parts).toBeGreaterThan(1000)
    const accepted = ACCEPTED.map(([name, , digest]) => `${name} ${digest}`)
    expect(different.sort(), 'differences that the table does not have, or rows that nothing needs').toEqual(
      accepted.sort(),
    )
  })
})
