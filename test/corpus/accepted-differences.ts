// Where Eider and Dovecot answer differently and the RFC decides for Eider, or leaves it open. The differential test
// fails on a difference that is not here and on a row that no longer differs.

export interface Accepted {
  /** The section that decides, and what it says there. */
  readonly rfc: string
  readonly sentence: string
  /** What either side answers. */
  readonly answers: string
  /** By message of the corpus: the items that differ. */
  readonly rows: Readonly<Record<string, readonly string[]>>
}

export const ACCEPTED: readonly Accepted[] = [
  {
    rfc: 'RFC 5322 §3.2.2',
    sentence: 'Folding white space stands between and behind tokens and is no part of them.',
    answers: 'Eider leaves out the space that ends the field (In-Reply-To, Date), Dovecot keeps it.',
    rows: {
      'ham/01684.94ca5ccaec9be05c252bf32961a86a3d.txt.eml': ['ENVELOPE'],
      'ham/01734.e1c6a4364e0762f323cd69d23e030fc8.txt.eml': ['ENVELOPE'],
      'mime4j/basic-plain-with-bad-header-separator.msg': ['ENVELOPE'],
    },
  },
  {
    rfc: 'RFC 3501 §9, body-type-mpart',
    sentence:
      'A multipart has at least one body, so BODYSTRUCTURE shows an empty text/plain where the message has none; no part of the message stands behind it.',
    answers: 'Eider answers NIL for that part, Dovecot an empty string.',
    rows: {
      'malformed/001.eml': ['BODY[1.1]', 'BODY[1.1.MIME]'],
      'malformed/002.eml': ['BODY[1]', 'BODY[1.MIME]'],
      'malformed/007.eml': ['BODY[1.1]', 'BODY[1.1.MIME]'],
      'mime4j/badbound.msg': ['BODY[1]', 'BODY[1.MIME]'],
      'mime4j/missing-boundary.msg': ['BODY[1]', 'BODY[1.MIME]'],
      'mime4j/missing-inner-boundary.msg': ['BODY[2.1]', 'BODY[2.1.MIME]'],
      'mime4j/missing-inner-start-boundary.msg': ['BODY[2.1]', 'BODY[2.1.MIME]'],
      'mime4j/multipartnopart.msg': ['BODY[1]', 'BODY[1.MIME]'],
      'thirdparty/015.eml': ['BODY[2.1]', 'BODY[2.1.MIME]', 'BODY[3.1]', 'BODY[3.1.MIME]'],
    },
  },
  {
    rfc: 'RFC 3501 §6.4.5',
    sentence: 'A partial begins at the octet that it names: of CRLF, octet 1 is LF.',
    answers: 'Eider answers LF, Dovecot CR.',
    rows: {
      'malformed/010.eml': [
        'BODY[1.HEADER.FIELDS (FROM TO SUBJECT DATE RECEIVED)]<1.31>',
        'BODY[1.1.HEADER.FIELDS (FROM TO SUBJECT DATE RECEIVED)]<1.31>',
      ],
      'malformed/012.eml': [
        'BODY[1.1.HEADER.FIELDS (FROM TO SUBJECT DATE RECEIVED)]<1.31>',
        'BODY[1.2.HEADER.FIELDS (FROM TO SUBJECT DATE RECEIVED)]<1.31>',
        'BODY[2.HEADER.FIELDS (FROM TO SUBJECT DATE RECEIVED)]<1.31>',
      ],
      'mime4j/bad-newlines-multiple-parts-base64.msg': [
        'BODY[1.HEADER.FIELDS (FROM TO SUBJECT DATE RECEIVED)]<1.31>',
      ],
      'mime4j/base64encoded-rfc822message-nested.msg': [
        'BODY[1.HEADER.FIELDS (FROM TO SUBJECT DATE RECEIVED)]<1.31>',
      ],
      'mime4j/base64encoded-rfc822message.msg': [
        'BODY[1.HEADER.FIELDS (FROM TO SUBJECT DATE RECEIVED)]<1.31>',
      ],
      'mime4j/multi-digest.msg': ['BODY[1.HEADER.FIELDS.NOT (FROM TO SUBJECT DATE RECEIVED)]<1.31>'],
      'mime4j/uu-zeegee.msg': ['BODY[HEADER.FIELDS.NOT (FROM TO SUBJECT DATE RECEIVED)]<1.31>'],
      'rfc/004.eml': [
        'BODY[2.1.HEADER.FIELDS.NOT (FROM TO SUBJECT DATE RECEIVED)]<1.31>',
        'BODY[2.2.HEADER.FIELDS.NOT (FROM TO SUBJECT DATE RECEIVED)]<1.31>',
      ],
      'rfc/007.eml': ['BODY[2.4.HEADER.FIELDS.NOT (FROM TO SUBJECT DATE RECEIVED)]<1.31>'],
      'rfc/009.eml': ['BODY[2.HEADER.FIELDS.NOT (FROM TO SUBJECT DATE RECEIVED)]<1.31>'],
      'thirdparty/007.eml': [
        'BODY[1.HEADER.FIELDS.NOT (FROM TO SUBJECT DATE RECEIVED)]<1.31>',
        'BODY[2.HEADER.FIELDS.NOT (FROM TO SUBJECT DATE RECEIVED)]<1.31>',
      ],
    },
  },
  {
    rfc: 'RFC 2046 §5.1.1',
    sentence: 'It is sufficient that the boundary appear in its entirety following the CRLF.',
    answers: 'The boundaries are longer than 80 octets. Eider compares all of them, Dovecot the first 80.',
    rows: {
      'malformed/016.eml': [
        'BODY',
        'BODYSTRUCTURE',
        'BODY[1]',
        'BODY[1.1]',
        'BODY[2]',
        'BODY[2.MIME]',
        'BODY[1.1.2]',
        'BODY[1.1.2.MIME]',
        'BODY[1.1.3]',
        'BODY[1.1.3.MIME]',
        'BODY[1.1.4]',
        'BODY[1.1.4.MIME]',
      ],
      'mime4j/very-long-boundary.msg': [
        'BODY',
        'BODYSTRUCTURE',
        'BODY[1]',
        'BODY[2]',
        'BODY[2.MIME]',
        'BODY[3]',
        'BODY[3.MIME]',
      ],
    },
  },
  {
    rfc: 'RFC 2045 §5.2',
    sentence: 'For a Content-Type that is not well-formed a default is recommended, not required.',
    answers:
      'The boundary stands behind no semicolon, or behind two. Eider reads it all the same, Dovecot does not.',
    rows: {
      'malformed/017.eml': ['BODY', 'BODYSTRUCTURE', 'BODY[1]', 'BODY[1.MIME]'],
      'mime4j/double-semicolon.msg': [
        'BODY',
        'BODYSTRUCTURE',
        'BODY[1]',
        'BODY[1.MIME]',
        'BODY[2]',
        'BODY[2.MIME]',
      ],
    },
  },
  {
    rfc: 'RFC 2045 §5.2',
    sentence: 'The default for a Content-Type that is not well-formed is text/plain.',
    answers: 'The field says only "text". Eider answers text/plain, Dovecot an empty subtype.',
    rows: {
      'mime4j/multi-digest.msg': ['BODY', 'BODYSTRUCTURE'],
    },
  },
  {
    rfc: 'RFC 3501 §6.4.5',
    sentence: 'HEADER.FIELDS.NOT is of the header of the enclosed message, which ends with its part.',
    answers:
      'The enclosed message is no message, or has no body. Eider ends at its end; Dovecot goes on into what follows.',
    rows: {
      'malformed/022.eml': ['BODY[2.HEADER.FIELDS.NOT (FROM TO SUBJECT DATE RECEIVED)]'],
      'rfc/008.eml': ['BODY[2.HEADER.FIELDS.NOT (FROM TO SUBJECT DATE RECEIVED)]'],
      'thirdparty/015.eml': [
        'BODY[2.HEADER.FIELDS.NOT (FROM TO SUBJECT DATE RECEIVED)]',
        'BODY[3.HEADER.FIELDS.NOT (FROM TO SUBJECT DATE RECEIVED)]',
      ],
    },
  },
  {
    rfc: 'RFC 3501 §6.4.5',
    sentence:
      'The blank line is included in all header fetches, except in the case of a message which has no body and no blank line.',
    answers: 'The message is such a one. Eider adds no blank line, Dovecot one.',
    rows: {
      'mime4j/malformedHeader-noheader.msg': ['BODY[HEADER.FIELDS (FROM TO SUBJECT DATE RECEIVED)]'],
      'mime4j/malformedHeaderStartsBody-noheader.msg': [
        'BODY[HEADER.FIELDS (FROM TO SUBJECT DATE RECEIVED)]',
      ],
      'thirdparty/015.eml': [
        'BODY[2.HEADER.FIELDS (FROM TO SUBJECT DATE RECEIVED)]',
        'BODY[3.HEADER.FIELDS (FROM TO SUBJECT DATE RECEIVED)]',
      ],
    },
  },
]
