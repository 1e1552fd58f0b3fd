// The text of one message for SEARCH TEXT, BODY and HEADER: header fields and bodies decoded to Unicode and folded. RFC
// 3501 §6.4.4 asks for substrings; docs/rfc.md says of what. Large messages are read in pieces, and others have
// their turn between them.

import type { Turn } from '../kit/turn.js'
import { nextField } from '../mime/header-fields.js'
import {
  DECODED_WHEN_SEARCHED,
  decodedHeaderText,
  isOwnText,
  partsOf,
  partText,
  reportText,
  textParts,
} from '../mime/text.js'
import { TextStream } from '../mime/text-stream.js'
import { foldCase } from '../model/fold.js'
import type { AccountId, ContentId } from '../model/ids.js'
import type { Part } from '../model/message.js'
import type { SearchText } from './search-match.js'
import type { Services } from './services.js'
import type { MessageSource } from './source.js'

/** Octets of a header, or of the body of one text part, that are searched at the most. */
const MOST_HEADER = 4 * 2 ** 20
const MOST_BODY = 64 * 2 ** 20

/** Octets decoded before others have their turn: a few milliseconds. */
const DECODED_AT_ONCE = 32_768

/** Characters folded before others have their turn: a few milliseconds. */
const FOLDED_AT_ONCE = 131_072

/** Where a stretch ends: behind a line or a word where it has one, for nothing combines across those. */
function stretchEnd(text: string): number {
  const stretch = text.slice(0, FOLDED_AT_ONCE)
  const gap = Math.max(stretch.lastIndexOf('\n'), stretch.lastIndexOf(' '))
  if (gap > 0) return gap + 1
  // Not between the halves of a surrogate pair.
  return /[\ud800-\udbff]$/.test(stretch.slice(-1)) ? FOLDED_AT_ONCE - 1 : FOLDED_AT_ONCE
}

async function foldAll(texts: AsyncIterable<string> | Iterable<string>, turn: Turn): Promise<string> {
  const folded: string[] = []
  let waiting = ''
  for await (const text of texts) {
    waiting += text
    while (waiting.length > FOLDED_AT_ONCE) {
      const end = stretchEnd(waiting)
      folded.push(foldCase(waiting.slice(0, end)))
      waiting = waiting.slice(end)
      if (turn.over) await turn.pass()
    }
  }
  folded.push(foldCase(waiting))
  return folded.join('')
}

/** The fields of a header, decoded; a line each. */
async function* fieldLines(
  octets: AsyncIterable<Uint8Array>,
  turn: Turn,
): AsyncGenerator<string, void, undefined> {
  const pieces: Uint8Array[] = []
  for await (const piece of octets) pieces.push(piece)
  const header = Buffer.concat(pieces)
  for (let at = 0; at < header.length; ) {
    const next = nextField(header, at + DECODED_AT_ONCE)
    const text = decodedHeaderText(header.subarray(at, next))
    if (text !== '') yield `${text}\n`
    at = next
    if (turn.over) await turn.pass()
  }
}

async function* partTexts(
  source: MessageSource,
  part: Part,
  turn: Turn,
): AsyncGenerator<string, void, undefined> {
  const { start, end } = part.body
  const stream = new TextStream(part)
  for await (const piece of source.readOriginal(start, Math.min(end, start + MOST_BODY))) {
    const octets = Buffer.from(piece.buffer, piece.byteOffset, piece.length)
    for (let at = 0; at < octets.length; at += DECODED_AT_ONCE) {
      yield stream.push(octets.subarray(at, at + DECODED_AT_ONCE))
      if (turn.over) await turn.pass()
    }
  }
  yield stream.end()
}

/** The text of all text parts, decoded from the source: where the store did not keep it. */
async function* bodyTexts(source: MessageSource, turn: Turn): AsyncGenerator<string, void, undefined> {
  for (const part of textParts(source.root)) {
    yield* partTexts(source, part, turn)
    yield '\n'
  }
}

/** What the body holds beside text parts, and is never kept: headers of parts and of messages inside, and reports. */
async function* innerTexts(source: MessageSource, turn: Turn): AsyncGenerator<string, void, undefined> {
  for (const part of partsOf(source.root)) {
    const { start, end } = part.header
    if (part !== source.root)
      yield* fieldLines(source.readOriginal(start, Math.min(end, start + MOST_HEADER)), turn)
    const report = reportText(part)
    if (report === undefined) continue
    yield* partTexts(source, report, turn)
    yield '\n'
  }
}

/** The text of a message that is decoded at once: undefined where its text is kept, or where it is large. */
function smallText(source: MessageSource): { header: string; body: string } | undefined {
  const octets = source.inMemory()
  if (octets === undefined || octets.length > DECODED_AT_ONCE) return undefined
  const original = octets.subarray(source.traceLength)
  let encoded = 0
  let body = ''
  for (const part of textParts(source.root)) {
    const own = original.subarray(part.body.start, part.body.end)
    if (!isOwnText(part, own)) encoded += own.length
    if (encoded > DECODED_WHEN_SEARCHED) return undefined
    body += `${partText(part, own)}\n`
  }
  for (const part of partsOf(source.root)) {
    if (part !== source.root)
      body += `${decodedHeaderText(original.subarray(part.header.start, part.header.end))}\n`
    const report = reportText(part)
    if (report !== undefined)
      body += `${partText(report, original.subarray(part.body.start, part.body.end))}\n`
  }
  const header = octets.subarray(0, source.traceLength + source.root.header.end)
  return { header: foldCase(`${decodedHeaderText(header)}\n`), body: foldCase(body) }
}

/** The text of any message, the kept one where there is one. Throws StoreError. */
async function anyText(
  services: Services,
  account: AccountId,
  content: ContentId,
  source: MessageSource,
  turn: Turn,
): Promise<{ header: string; body: string }> {
  const end = Math.min(source.root.header.end, MOST_HEADER)
  const header = await foldAll(fieldLines(source.read(0, source.traceLength + end), turn), turn)
  const kept = await services.store.text(account, content)
  const texts = await foldAll(typeof kept === 'string' ? [kept] : bodyTexts(source, turn), turn)
  const inner = await foldAll(innerTexts(source, turn), turn)
  return { header, body: `${texts}\n${inner}` }
}

/** Throws StoreError. */
export async function readSearchText(
  services: Services,
  account: AccountId,
  content: ContentId,
  source: MessageSource,
  turn: Turn,
): Promise<SearchText> {
  const { header, body } = smallText(source) ?? (await anyText(services, account, content, source, turn))
  let fields: Map<string, string[]> | undefined
  return {
    header,
    body,
    field(name) {
      fields ??= fieldsByName(header)
      return fields.get(name) ?? []
    },
  }
}

/** `header` holds a field a line, its names folded like the rest. */
function fieldsByName(header: string): Map<string, string[]> {
  const fields = new Map<string, string[]>()
  for (const line of header.split('\n')) {
    const colon = line.indexOf(':')
    if (colon < 0) continue
    const name = line.slice(0, colon)
    const value = line.slice(colon + 1).trimStart()
    const values = fields.get(name)
    if (values === undefined) fields.set(name, [value])
    else values.push(value)
  }
  return fields
}
