// Where Eider answers otherwise than Dovecot 2.3.19 for a message of the corpus, and the sentence that says it may.

const FOLDED_BLANKS = 'RFC 5322 §3.2.2, §3.6: blanks and folds around the content are no part of it'
const LONG_BOUNDARY =
  'RFC 2046 §5.1.1: the boundary must appear in its entirety; Dovecot compares 80 octets of it'
const SEMICOLONS =
  'RFC 2045 §5.1 asks for one semicolon; with two or none Dovecot hides the parts, Eider finds them'
const SUBTYPE =
  'RFC 2045 §5.2: a Content-Type without a subtype is no valid one, and the default is text/plain'
const NO_EMPTY_LINE = 'RFC 3501 §6.4.5: no empty line where the message has no body and no blank line'
const BEHIND_DELIMITER =
  'RFC 2046 §5.1.1: a delimiter is no part of the header before it; Dovecot reads on into the next'

const ROWS: readonly (readonly [file: string, reason: string, items: readonly string[]])[] = [
  ['ham/01684.94ca5ccaec9be05c252bf32961a86a3d.txt.eml', FOLDED_BLANKS, ['ENVELOPE']],
  ['ham/01734.e1c6a4364e0762f323cd69d23e030fc8.txt.eml', FOLDED_BLANKS, ['ENVELOPE']],
  [
    'malformed/016.eml',
    LONG_BOUNDARY,
    [
      'BODY[1]',
      'BODY[1.1]',
      'BODY[1.1.2]',
      'BODY[1.1.2.MIME]',
      'BODY[2]',
      'BODY[2.MIME]',
      'BODYSTRUCTURE',
      'BODY',
    ],
  ],
  [
    'malformed/017.eml',
    SEMICOLONS,
    ['BODY[1]', 'BODY[1.MIME]', 'BODY[1]<0.10>', 'BODY[1]<7.100>', 'BODYSTRUCTURE', 'BODY'],
  ],
  ['malformed/022.eml', BEHIND_DELIMITER, ['BODY[2.HEADER.FIELDS.NOT (SUBJECT FROM)]']],
  ['mime4j/basic-plain-with-bad-header-separator.msg', FOLDED_BLANKS, ['ENVELOPE']],
  [
    'mime4j/double-semicolon.msg',
    SEMICOLONS,
    [
      'BODY[1]',
      'BODY[1.MIME]',
      'BODY[2]',
      'BODY[2.MIME]',
      'BODY[1]<0.10>',
      'BODY[1]<7.100>',
      'BODYSTRUCTURE',
      'BODY',
    ],
  ],
  ['mime4j/malformedHeader-noheader.msg', NO_EMPTY_LINE, ['BODY[HEADER.FIELDS (SUBJECT FROM)]']],
  ['mime4j/malformedHeaderStartsBody-noheader.msg', NO_EMPTY_LINE, ['BODY[HEADER.FIELDS (SUBJECT FROM)]']],
  ['mime4j/multi-digest.msg', SUBTYPE, ['BODYSTRUCTURE', 'BODY']],
  [
    'mime4j/very-long-boundary.msg',
    LONG_BOUNDARY,
    ['BODY[1]', 'BODY[2.MIME]', 'BODY[1]<0.10>', 'BODY[1]<7.100>', 'BODYSTRUCTURE', 'BODY'],
  ],
  ['rfc/008.eml', BEHIND_DELIMITER, ['BODY[2.HEADER.FIELDS.NOT (SUBJECT FROM)]']],
  [
    'thirdparty/015.eml',
    NO_EMPTY_LINE,
    ['BODY[2.HEADER.FIELDS (SUBJECT FROM)]', 'BODY[3.HEADER.FIELDS (SUBJECT FROM)]'],
  ],
  [
    'thirdparty/015.eml',
    BEHIND_DELIMITER,
    ['BODY[2.HEADER.FIELDS.NOT (SUBJECT FROM)]', 'BODY[3.HEADER.FIELDS.NOT (SUBJECT FROM)]'],
  ],
]

/** By file and item of FETCH. */
export const DIFFERENCES: ReadonlyMap<string, string> = new Map(
  ROWS.flatMap(([file, reason, items]) => items.map((item) => [`${file} ${item}`, reason] as const)),
)
