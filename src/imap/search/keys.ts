// The search keys of RFC 3501 §6.4.4 and §9. Each is read into a function of the view, because sequence numbers and "*" mean
// what they mean there when the search begins.

import type { SearchQuery, SummaryField } from '../../mail/search-query.js'
import type { View } from '../view.js'
import type { Reader } from '../wire/reader.js'
import type { Decode } from './charset.js'

export type Key = (view: View) => SearchQuery

interface Context {
  readonly reader: Reader
  readonly decode: Decode
}

const always =
  (query: SearchQuery): Key =>
  () =>
    query
const flag = (name: string, set: boolean): Key => always({ kind: 'flag', name, set })
const recent = (set: boolean): Key => always({ kind: 'recent', set })

const and =
  (keys: readonly Key[]): Key =>
  (view) => ({ kind: 'and', of: keys.map((key) => key(view)) })

/** Keys that stand alone. */
const WORDS: Readonly<Record<string, Key>> = {
  ALL: always({ kind: 'all' }),
  ANSWERED: flag('\\Answered', true),
  UNANSWERED: flag('\\Answered', false),
  DELETED: flag('\\Deleted', true),
  UNDELETED: flag('\\Deleted', false),
  DRAFT: flag('\\Draft', true),
  UNDRAFT: flag('\\Draft', false),
  FLAGGED: flag('\\Flagged', true),
  UNFLAGGED: flag('\\Flagged', false),
  SEEN: flag('\\Seen', true),
  UNSEEN: flag('\\Seen', false),
  RECENT: recent(true),
  OLD: recent(false),
  NEW: and([recent(true), flag('\\Seen', false)]),
}

function text({ reader, decode }: Context): string {
  reader.expectSpace()
  return decode(reader.expectAstringOctets('search string'))
}

/** An empty string is in every field that is there, as it is for HEADER; whether it is there the summary mostly tells. */
const present = (field: SummaryField): Key =>
  always({
    kind: 'or',
    of: [
      { kind: 'filled', field },
      { kind: 'header', name: field, value: '' },
    ],
  })

const address = (field: Exclude<SummaryField, 'subject'>) => (context: Context) => {
  const value = text(context)
  return value === '' ? present(field) : always({ kind: 'address', field, value })
}

function subject(context: Context): Key {
  const value = text(context)
  return value === '' ? present('subject') : always({ kind: 'subject', value })
}

const date =
  (field: 'internal' | 'sent', op: 'before' | 'on' | 'since') =>
  ({ reader }: Context) => {
    reader.expectSpace()
    return always({ kind: 'date', field, op, day: reader.expectDate() })
  }

const size =
  (op: 'larger' | 'smaller') =>
  ({ reader }: Context) => {
    reader.expectSpace()
    return always({ kind: 'size', op, octets: reader.expectNumber() })
  }

const keyword =
  (set: boolean) =>
  ({ reader }: Context) => {
    reader.expectSpace()
    return flag(reader.expectAtom('keyword'), set)
  }

function header(context: Context): Key {
  context.reader.expectSpace()
  const name = context.reader.expectAstring('field name')
  return always({ kind: 'header', name, value: text(context) })
}

function uid({ reader }: Context): Key {
  reader.expectSpace()
  const set = reader.expectSequenceSet()
  return (view) => ({ kind: 'uids', set: view.uidRanges(set) })
}

function sequence(reader: Reader): Key {
  const set = reader.expectSequenceSet()
  return (view) => ({ kind: 'uids', set: view.uidRangesOfSequence(set) })
}

function not(context: Context): Key {
  context.reader.expectSpace()
  const key = context.reader.nested(() => expectKey(context))
  return (view) => ({ kind: 'not', of: key(view) })
}

/** `OR a OR b OR c d`, `OR OR OR a b c d`: clients write long chains either way, so both are followed without nesting. */
function or(context: Context): Key {
  const { reader } = context
  const keys: Key[] = []
  for (let owed = 2; owed > 0; ) {
    reader.expectSpace()
    // One of the two keys is an OR again, and asks for two.
    if (reader.takeWord('OR')) owed++
    else {
      keys.push(reader.nested(() => expectKey(context)))
      owed--
    }
  }
  return (view) => ({ kind: 'or', of: keys.map((key) => key(view)) })
}

/** Keys with arguments. */
const KEYS: Readonly<Record<string, (context: Context) => Key>> = {
  BCC: address('bcc'),
  BEFORE: date('internal', 'before'),
  BODY: (context) => always({ kind: 'body', value: text(context) }),
  CC: address('cc'),
  FROM: address('from'),
  HEADER: header,
  KEYWORD: keyword(true),
  LARGER: size('larger'),
  NOT: not,
  ON: date('internal', 'on'),
  OR: or,
  SENTBEFORE: date('sent', 'before'),
  SENTON: date('sent', 'on'),
  SENTSINCE: date('sent', 'since'),
  SINCE: date('internal', 'since'),
  SMALLER: size('smaller'),
  SUBJECT: subject,
  TEXT: (context) => always({ kind: 'text', value: text(context) }),
  TO: address('to'),
  UID: uid,
  UNKEYWORD: keyword(false),
}

function expectKey(context: Context): Key {
  const { reader } = context
  if (reader.peekList()) return and(reader.expectList(() => expectKey(context), { what: 'search keys' }))
  if (reader.peekSequenceSet()) return sequence(reader)
  const word = reader.expectWord('search key')
  if (Object.hasOwn(WORDS, word)) return WORDS[word] as Key
  const read = Object.hasOwn(KEYS, word) ? KEYS[word] : undefined
  return read === undefined ? reader.fail(`a search key expected, not ${word}`) : read(context)
}

/** `search-key *(SP search-key)` */
export function expectKeys(reader: Reader, decode: Decode): Key {
  const context = { reader, decode }
  const keys = [expectKey(context)]
  while (reader.takeSpace()) if (!reader.atEnd()) keys.push(expectKey(context))
  return and(keys)
}
