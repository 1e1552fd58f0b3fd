// The grammar of FETCH (RFC 3501 §6.4.5, §9, fetch-att) and what an item needs to be read.

import type { Section } from '../../mail/source.js'
import type { Reader } from '../wire/reader.js'
import { ResponseWriter } from '../wire/response-writer.js'

export type SimpleItem =
  | 'UID'
  | 'FLAGS'
  | 'INTERNALDATE'
  | 'RFC822.SIZE'
  | 'ENVELOPE'
  | 'BODYSTRUCTURE'
  | 'BODY'

export interface SectionItem {
  /** How the answer names it, such as `BODY[1.TEXT]<0>`. */
  readonly label: Buffer
  readonly section: Section
  readonly partial?: { readonly from: number; readonly octets: number }
  /** Reading it sets \Seen. */
  readonly seen: boolean
}

export type Item = SimpleItem | SectionItem

const SIMPLE: readonly string[] = ['UID', 'FLAGS', 'INTERNALDATE', 'RFC822.SIZE', 'ENVELOPE', 'BODYSTRUCTURE']

const FAST: readonly Item[] = ['FLAGS', 'INTERNALDATE', 'RFC822.SIZE']
const MACROS: Readonly<Record<string, readonly Item[]>> = {
  FAST,
  ALL: [...FAST, 'ENVELOPE'],
  FULL: [...FAST, 'ENVELOPE', 'BODY'],
}

/** RFC822 and its kin are old names for sections (RFC 3501 §6.4.5). */
const RFC822: Readonly<Record<string, SectionItem>> = {
  RFC822: { label: Buffer.from('RFC822'), section: { part: [], text: '' }, seen: true },
  'RFC822.HEADER': {
    label: Buffer.from('RFC822.HEADER'),
    section: { part: [], text: 'HEADER' },
    seen: false,
  },
  'RFC822.TEXT': { label: Buffer.from('RFC822.TEXT'), section: { part: [], text: 'TEXT' }, seen: true },
}

const MAX_PART_NUMBERS = 200
const MAX_FIELDS = 1000
const MAX_ITEMS = 1000

// section-part = nz-number *("." nz-number)
function expectPart(reader: Reader): { part: number[]; more: boolean } {
  const part: number[] = []
  if (!reader.peekDigit()) return { part, more: true }
  do {
    if (!reader.peekDigit()) return { part, more: true }
    if (part.length >= MAX_PART_NUMBERS) reader.fail('fewer part numbers expected')
    part.push(reader.expectNzNumber('part number'))
  } while (reader.take('.'))
  return { part, more: false }
}

const expectFields = (reader: Reader): string[] => {
  reader.expectSpace()
  return reader.expectList(() => reader.expectAstring('field name'), { what: 'fields', max: MAX_FIELDS })
}

// section-msgtext = "HEADER" / "HEADER.FIELDS" [".NOT"] SP header-list / "TEXT"; section-text adds "MIME" to parts
function expectSectionText(reader: Reader, part: readonly number[]): Section {
  const text = reader.expectItemName()
  if (text === 'HEADER' || text === 'TEXT') return { part, text }
  if (text === 'MIME' && part.length > 0) return { part, text }
  if (text === 'HEADER.FIELDS' || text === 'HEADER.FIELDS.NOT')
    return { part, text, names: expectFields(reader) }
  return reader.fail('a section expected')
}

// section = "[" [section-spec] "]"
function expectSection(reader: Reader): Section {
  reader.expect('[')
  if (reader.take(']')) return { part: [], text: '' }
  const { part, more } = expectPart(reader)
  const section = more ? expectSectionText(reader, part) : { part, text: '' as const }
  reader.expect(']')
  return section
}

// "<" number "." nz-number ">"
function expectPartial(reader: Reader): { from: number; octets: number } | undefined {
  if (!reader.take('<')) return undefined
  const from = reader.expectNumber('offset')
  reader.expect('.')
  const octets = reader.expectNzNumber('octets')
  reader.expect('>')
  return { from, octets }
}

function labelOf({ part, text, names }: Section, from: number | undefined): Buffer {
  const writer = new ResponseWriter().text('BODY[').text(part.join('.'))
  if (text !== '') writer.text(part.length > 0 ? '.' : '').text(text)
  if (names !== undefined) {
    writer.text(' (')
    names.forEach((name, at) => {
      writer.text(at > 0 ? ' ' : '').astring(name)
    })
    writer.text(')')
  }
  writer.text(']')
  if (from !== undefined) writer.text(`<${from}>`)
  return Buffer.concat(writer.take())
}

function expectBody(reader: Reader, peek: boolean): Item {
  if (!peek && !reader.peekIs('[')) return 'BODY'
  const section = expectSection(reader)
  const partial = expectPartial(reader)
  const label = labelOf(section, partial?.from)
  return { label, section, seen: !peek, ...(partial === undefined ? {} : { partial }) }
}

function itemNamed(reader: Reader, name: string): Item {
  if (name === 'BODY' || name === 'BODY.PEEK') return expectBody(reader, name !== 'BODY')
  if (SIMPLE.includes(name)) return name as SimpleItem
  const old = Object.hasOwn(RFC822, name) ? RFC822[name] : undefined
  return old ?? reader.fail(`an item of FETCH expected, not ${name}`)
}

// fetch-att, or a list of them, or a macro
export function expectItems(reader: Reader): readonly Item[] {
  if (reader.peekList()) {
    return reader.expectList(() => itemNamed(reader, reader.expectItemName()), {
      what: 'items',
      max: MAX_ITEMS,
    })
  }
  const name = reader.expectItemName()
  const macro = Object.hasOwn(MACROS, name) ? MACROS[name] : undefined
  return macro ?? [itemNamed(reader, name)]
}
