// Gathers, while a message is read, the searchable text and the intro: of alternatives the plain one (RFC 2046 §5.1.4),
// else the first text that is no attachment.
import type { DraftPart } from './draft-part.js'
import type { MimeLimits } from './limits.js'
import { TEXT_READ } from './part-scanner.js'
import { DECODED_WHEN_SEARCHED, isOwnText, partText } from './text.js'

const INTRO_LENGTH = 256
/** So much of a body is read for an intro where nothing else is wanted of it. */
const INTRO_READ = 4 * 1024
const INTRO_READ_HTML = 64 * 1024
/** So far an intro is looked for in a text, however many blanks it begins with. */
const BLANKS_READ = 4 * 1024

export class TextCollector {
  readonly #limit: number
  readonly #texts: (() => string)[] = []
  #length = 0
  /** Octets of the bodies that are not their own text. */
  #encoded = 0
  #intro = ''
  #introFromAlternativeHtml = false

  constructor(limits: Pick<MimeLimits, 'text'>) {
    this.#limit = limits.text
  }

  /** The searchable text; null where what the source says will do, or where it is too long. */
  get text(): string | null {
    if (this.#length > this.#limit || this.#encoded <= DECODED_WHEN_SEARCHED) return null
    return this.#texts.map((text) => text()).join('\n')
  }

  get intro(): string {
    return this.#intro
  }

  read(part: DraftPart, octets: Buffer, parent: DraftPart | undefined): void {
    const wantsIntro = this.#wantsIntro(part, parent)
    const isOwn = isOwnText(part, octets)
    const tooLong = this.#length > this.#limit || octets.length >= TEXT_READ
    // Where it is all there is, no text will be kept of it.
    if ((isOwn && parent === undefined) || tooLong) {
      if (tooLong) this.#length = Number.POSITIVE_INFINITY
      if (wantsIntro) this.#setIntro(part, parent, partText(part, beginning(part, octets)))
      return
    }
    if (!isOwn) this.#encoded += octets.length
    if (!isOwn && !wantsIntro && this.#encoded <= DECODED_WHEN_SEARCHED) {
      // Where no more of the kind comes, nobody asks for this one.
      const kept = Buffer.from(octets)
      this.#texts.push(() => partText(part, kept))
      this.#length += octets.length
      return
    }
    const text = partText(part, octets)
    this.#length += text.length
    if (this.#length <= this.#limit) this.#texts.push(() => text)
    if (wantsIntro) this.#setIntro(part, parent, text)
  }

  #wantsIntro(part: DraftPart, parent: DraftPart | undefined): boolean {
    if (part.disposition?.type.toLowerCase() === 'attachment') return false
    if (this.#intro === '') return true
    return this.#introFromAlternativeHtml && part.subtype === 'plain' && parent?.subtype === 'alternative'
  }

  #setIntro(part: DraftPart, parent: DraftPart | undefined, text: string): void {
    const intro = introOf(text)
    if (intro === '') return
    this.#intro = intro
    this.#introFromAlternativeHtml = part.subtype === 'html' && parent?.subtype === 'alternative'
  }
}

function beginning(part: DraftPart, octets: Buffer): Buffer {
  return octets.subarray(0, part.subtype === 'html' ? INTRO_READ_HTML : INTRO_READ)
}

/** The first characters with blanks collapsed; a surrogate pair is not cut in two. */
function introOf(text: string): string {
  let intro = ''
  let at = 0
  const end = Math.min(text.length, BLANKS_READ)
  while (at < end && intro.length < INTRO_LENGTH) {
    while (at < end && isBlank(text.charCodeAt(at))) at++
    const start = at
    while (at < end && at - start < INTRO_LENGTH && !isBlank(text.charCodeAt(at))) at++
    if (at > start) intro += intro === '' ? text.slice(start, at) : ` ${text.slice(start, at)}`
  }
  if (intro.length < INTRO_LENGTH) return intro
  const last = intro.charCodeAt(INTRO_LENGTH - 1)
  return intro.slice(0, last >= 0xd800 && last <= 0xdbff ? INTRO_LENGTH - 1 : INTRO_LENGTH).trimEnd()
}

const isBlank = (code: number): boolean => code <= 32 || code === 0xa0 || code === 0xfeff
