// The tree, the types and the decoded bodies of every message of the corpus, held against @zone-eu/mailsplit. Where the
// two differ the table says why; a difference that is not in it fails, and so does a row that no difference needs.
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

const ACCEPTED: ReadonlyMap<string, string> = new Map([
  ['malformed/000.eml', EMPTY],
  ['malformed/004.eml', PREFIX],
  ['malformed/007.eml', EMPTY],
  ['malformed/010.eml', ENCLOSED],
  ['malformed/012.eml', ENCLOSED],
  ['malformed/017.eml', SEMICOLON],
  ['malformed/022.eml', ENCLOSED],
  ['mime4j/2002_06_12_doublebound.msg', EMPTY],
  ['mime4j/bad-newlines-multiple-parts-base64.msg', ENCLOSED],
  ['mime4j/base64encoded-rfc822message-nested.msg', ENCLOSED],
  ['mime4j/base64encoded-rfc822message.msg', ENCLOSED],
  ['mime4j/double-bound.msg', EMPTY],
  ['mime4j/ending-boundaries.msg', PREFIX],
  ['mime4j/multi-2gifs-base64.msg', ENCLOSED],
  ['mime4j/multi-badnames.msg', DELIMITER_NEWLINE],
  ['mime4j/multi-digest.msg', DIGEST],
  ['mime4j/multi-frag.msg', ENCLOSED],
  ['mime4j/multi-nested.msg', ENCLOSED],
  ['mime4j/multi-nested2.msg', ENCLOSED],
  ['mime4j/multi-nested3.msg', ENCLOSED],
  ['mime4j/multipartdigestnestedemptyparts.msg', DIGEST],
  ['mime4j/multipartemptypart.msg', EMPTY],
  ['mime4j/multipartnestedemptyparts.msg', EMPTY],
  ['mime4j/very-long-boundary.msg', BLANKS],
  ['mime4j/very-very-long-boundary.msg', PREFIX],
  ['mime4j/weird-boundary.msg', BLANKS],
  ['rfc/000.eml', ENCLOSED],
  ['rfc/004.eml', DIGEST],
  ['rfc/007.eml', ENCLOSED],
  ['rfc/008.eml', ENCLOSED],
  ['rfc/009.eml', ENCLOSED],
  ['thirdparty/007.eml', DIGEST],
  ['thirdparty/008.eml', ENCLOSED],
  ['thirdparty/012.eml', ENCLOSED],
  ['thirdparty/015.eml', ENCLOSED],
])

describe.skipIf(!corpusIsThere)('held against mailsplit', () => {
  test('every message has the same parts, or a reason why not', async () => {
    const different: string[] = []
    let parts = 0
    for (const { name, source } of readCorpus()) {
      const ours = partsByEider(parse(source), source)
      const theirs = await partsByMailsplit(source)
      parts += ours.length
      if (ours.join('\n') !== theirs.join('\n')) {
        different.push(name)
        if (!ACCEPTED.has(name)) expect(ours, name).toEqual(theirs)
      }
    }
    expect(parts).toBeGreaterThan(1000)
    expect(different.sort(), 'rows of the table that nothing needs').toEqual([...ACCEPTED.keys()].sort())
  })
})
