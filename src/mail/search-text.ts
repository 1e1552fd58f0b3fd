// The text of one message for SEARCH TEXT, BODY and HEADER: header fields and bodies decoded to Unicode and folded. RFC
// 3501 §6.4.4 asks for substrings; docs/architecture.md says of what.

import { setImmediate } from 'node:timers/promises'
import { decodedHeaderText, partText, textParts } from '../mime/text.js'
import { foldCase } from '../model/fold.js'
import { type AccountId, type ContentId, contentId } from '../model/ids.js'
import type { SearchText } from './search-match.js'
import type { Services } from './services.js'
import { type MessageSource, openSource } from './source.js'

/** Octets of a header, or of the body of one text part, that are searched at the most. */
const MOST_HEADER = 4 * 2 ** 20
const MOST_BODY = 64 * 2 ** 20

/** Characters folded before others have their turn: a few milliseconds. */
const FOLDED_AT_ONCE = 131_072

/** Where the stretch from `at` ends: behind a line or a word where it has one, for nothing combines across those. */
function stretchEnd(text: string, at: number): number {
  const end = at + FOLDED_AT_ONCE
  if (end >= text.length) return text.length
  const stretch = text.slice(at, end)
  const gap = Math.max(stretch.lastIndexOf('\n'), stretch.lastIndexOf(' '))
  if (gap > 0) return at + gap + 1
  // Not between the halves of a surrogate pair.
  return /[\ud800-\udbff]$/.test(stretch.slice(-1)) ? end - 1 : end
}

async function foldLong(text: string): Promise<string> {
  if (text.length <= FOLDED_AT_ONCE) return foldCase(text)
  const folded: string[] = []
  for (let at = 0; at < text.length; ) {
    const end = stretchEnd(text, at)
    folded.push(foldCase(text.slice(at, end)))
    at = end
    await setImmediate()
  }
  return folded.join('')
}

async function headerText(source: MessageSource): Promise<string> {
  const end = Math.min(source.root.header.end, MOST_HEADER)
  const pieces: Uint8Array[] = []
  for await (const piece of source.read(0, source.traceLength + end)) pieces.push(piece)
  return foldLong(decodedHeaderText(Buffer.concat(pieces)))
}

/** The text of all text parts, decoded from the source: where the store did not keep it. */
async function bodyText(source: MessageSource): Promise<string> {
  const texts: string[] = []
  for (const part of textParts(source.root)) {
    const { start, end } = part.body
    texts.push(partText(part, await source.collect({ start, end: Math.min(end, start + MOST_BODY) })))
  }
  return texts.join('\n')
}

/** Undefined where the content is gone. Throws StoreError. */
export async function readSearchText(
  services: Services,
  account: AccountId,
  content: number,
): Promise<SearchText | undefined> {
  const id: ContentId = contentId(content)
  const source = await openSource(services, account, id)
  if (source === undefined) return undefined
  const header = await headerText(source)
  const kept = await services.store.text(account, id)
  const body = await foldLong(kept ?? (await bodyText(source)))
  return { header, body, field: (name) => fieldValues(header, name) }
}

/** `header` holds a field a line, its names folded like the rest. */
function fieldValues(header: string, name: string): string[] {
  const prefix = `${name}:`
  return header
    .split('\n')
    .filter((line) => line.startsWith(prefix))
    .map((line) => line.slice(prefix.length).trimStart())
}
