// FETCH over a list of UIDs: pages of the index, in batches that stay small while the client is slow; rows in large
// buffers; turns given to others. RFC 3501 §6.4.5; of messages expunged elsewhere RFC 2180 §4.1.1.

import { readAhead } from '../../kit/read-ahead.js'
import { spansOf } from '../../kit/spans.js'
import { Turn } from '../../kit/turn.js'
import { changeFlags } from '../../mail/change-flags.js'
import { prepared, readEntries } from '../../mail/entries.js'
import { sliceEntries } from '../../mail/entry-columns.js'
import { type MessageSource, openSources } from '../../mail/source.js'
import type { Entries, FlagsChanged } from '../../mail/types.js'
import { DEFAULT_LIMITS } from '../../mime/limits.js'
import { FLAG_WORDS, type FlagTable, namesAll, SEEN } from '../../model/flags.js'
import { isPassing, isStoreError } from '../../store/errors.js'
import { no } from '../reply.js'
import type { Session } from '../session.js'
import { readKeywords } from '../tell-changes.js'
import type { View } from '../view.js'
import type { Item, SectionItem, SimpleItem } from './items.js'
import { type Batch, endRow, writeRow } from './rows.js'
import { type Content, contentOf, sendSection, takeBackRow } from './sections.js'

/**
 * Messages whose ENVELOPEs or BODYSTRUCTUREs are read at once. Of made messages both may be six times as long as the headers that
 * are read (`Allowance` in src/mime/limits.ts), of real ones they are shorter, and few have headers of `octetsEach`. For a client
 * that does not read, one such batch is held and those that are read ahead.
 */
const BATCH = { octets: 4 * 2 ** 20, count: 512, octetsEach: DEFAULT_LIMITS.headers / 4 }
/**
 * Messages that are set \Seen before they are sent, as many as a page of sources: where the client goes away, or one of them cannot
 * be read, the others are \Seen and nobody has been sent them. Fewer would be too many transactions.
 */
const SEEN_AT_ONCE = { ...BATCH, octets: 2 ** 20, count: 64 }
/** Batches that are read while one is sent: from another machine they take as long to come as one to be sent. */
const AHEAD = 2

/** Octets of header fields that are held at once, for one message. */
const MAX_COPIED = 8 * 2 ** 20

interface Plan {
  readonly simple: readonly SimpleItem[]
  readonly sections: readonly SectionItem[]
  /** Each message's source must be opened. */
  readonly source: boolean
  readonly cold: boolean
  readonly setsSeen: boolean
}

const COLD: readonly Item[] = ['INTERNALDATE', 'RFC822.SIZE', 'ENVELOPE', 'BODYSTRUCTURE', 'BODY']

function planOf(items: readonly Item[], byUid: boolean, view: View): Plan {
  const all = new Set<Item>(byUid ? ['UID', ...items] : items)
  const simple = [...all].filter((item) => typeof item === 'string')
  const sections = [...all].filter((item) => typeof item !== 'string')
  const source = sections.length > 0 || all.has('BODY')
  return {
    simple,
    sections,
    source,
    cold: source || COLD.some((item) => all.has(item)),
    setsSeen: !view.readOnly && sections.some(({ seen }) => seen),
  }
}

/** What is dealt with at once: of what the index alone tells, a page. */
async function* slicesOf(pages: AsyncIterable<Entries>, { setsSeen }: Plan): AsyncIterable<Entries> {
  const most = setsSeen ? SEEN_AT_ONCE : BATCH
  for await (const entries of pages) {
    if (entries.cold === undefined) yield entries
    else for (const [from, end] of spansOf(entries.cold.sizes, most)) yield sliceEntries(entries, from, end)
  }
}

async function gather(
  pages: AsyncIterable<readonly (Uint8Array | undefined)[]>,
): Promise<(Uint8Array | undefined)[]> {
  const gathered: (Uint8Array | undefined)[] = []
  for await (const page of pages) gathered.push(...page)
  return gathered
}

async function batchOf(session: Session, entries: Entries, { simple }: Plan): Promise<Batch> {
  const contents = entries.cold?.contents
  const read = async (item: SimpleItem, what: 'envelope' | 'structure') =>
    contents !== undefined && simple.includes(item)
      ? await gather(prepared(session.services, session.account, contents, what))
      : []
  return {
    entries,
    envelopes: await read('ENVELOPE', 'envelope'),
    structures: await read('BODYSTRUCTURE', 'structure'),
  }
}

/** UIDs of those that are not \Seen yet. */
const unseenOf = ({ uids, flags }: Entries): Uint32Array =>
  uids.filter((_, at) => ((flags[at * FLAG_WORDS] ?? 0) & SEEN) === 0)

interface Seen {
  /** As they are now. */
  readonly entries: Entries
  /** UIDs of those that were changed. */
  readonly changed: ReadonlySet<number>
  /** To be noted once the client was sent the flags. */
  readonly slices: readonly FlagsChanged[]
}

/**
 * Sets \Seen where it is not set. Where that cannot be written the entries stay as they are: a full disk must not keep anyone from
 * reading mail.
 */
async function setSeen(session: Session, view: View, entries: Entries): Promise<Seen> {
  const unseen = unseenOf(entries)
  const changed = new Set<number>()
  const slices: FlagsChanged[] = []
  if (unseen.length === 0) return { entries, changed, slices }
  const flags = entries.flags.slice()
  const change = { mode: 'add', flags: ['\\Seen'] } as const
  try {
    for await (const slice of changeFlags(session.services, session.account, view.mailbox, unseen, change)) {
      slices.push(slice)
      for (let at = 0; at < slice.entries.length; at++) {
        const uid = slice.entries.uids[at] ?? 0
        const words = slice.entries.flags.subarray(at * FLAG_WORDS, (at + 1) * FLAG_WORDS)
        flags.set(words, entries.uids.indexOf(uid) * FLAG_WORDS)
        changed.add(uid)
      }
    }
  } catch (error) {
    if (!isPassing(error)) throw error
  }
  return { entries: { ...entries, flags }, changed, slices }
}

class Fetch {
  readonly #session: Session
  readonly #view: View
  readonly #plan: Plan
  readonly #turn = new Turn()
  #table: FlagTable | undefined
  /** Rows sent. */
  sent = 0
  /** Rows left out because the store has lost what they need. */
  lost = 0

  constructor(session: Session, view: View, plan: Plan) {
    this.#session = session
    this.#view = view
    this.#plan = plan
  }

  /** Hands the buffer over when it is full, and lets others have their turn. */
  async #pause(): Promise<void> {
    if (this.#session.output.writer.full) await this.#session.output.flush()
    if (this.#turn.over) await this.#turn.pass()
  }

  /** Read once; again where an entry has a flag that it does not name. */
  async #tableFor({ flags }: Entries): Promise<FlagTable> {
    if (this.#table === undefined || !namesAll(this.#table, flags))
      this.#table = await readKeywords(this.#session, this.#view)
    return this.#table
  }

  async sendRows(batch: Batch): Promise<void> {
    const table = await this.#tableFor(batch.entries)
    const { writer } = this.#session.output
    const view = this.#view
    const context = { writer, view, table }
    const { uids } = batch.entries
    for (let at = 0; at < uids.length; at++) {
      if ((at & 31) === 31 && (writer.full || this.#turn.over)) await this.#pause()
      const seq = view.seqOf(uids[at] ?? 0)
      if (seq === 0 || !isWhole(batch, at, this.#plan)) continue
      writeRow(context, batch, at, seq, this.#plan.simple, undefined)
      endRow(writer)
      this.sent++
    }
    await this.#pause()
  }

  async sendWithSources(slice: Entries): Promise<void> {
    const { entries, changed, slices }: Seen = this.#plan.setsSeen
      ? await setSeen(this.#session, this.#view, slice)
      : { entries: slice, changed: new Set(), slices: [] }
    const before = this.sent
    try {
      // As they are now: a keyword may be newer than the slice.
      await this.#sendEach(entries, changed, await this.#tableFor(entries))
    } finally {
      // Who was not sent all, because it could not be read, is told of the flags as of anybody else's change.
      if (this.sent - before === entries.length) for (const one of slices) this.#view.noteOwn(one, true)
      else if (slices.length > 0) this.#view.markStale()
    }
  }

  async #sendEach(entries: Entries, changed: ReadonlySet<number>, table: FlagTable): Promise<void> {
    const batch = await batchOf(this.#session, entries, this.#plan)
    if (entries.cold === undefined) return
    const { services, account } = this.#session
    const { contents, sizes } = entries.cold
    let at = 0
    for await (const source of openSources(services, account, contents, sizes)) {
      if (source !== undefined && isWhole(batch, at, this.#plan))
        await this.#sendRow(batch, at, source, table, changed.has(entries.uids[at] ?? 0))
      at++
      await this.#pause()
    }
  }

  /** Picked header fields are copies: whoever asks for many of a large header is refused. */
  async #contentsOf(source: MessageSource): Promise<Content[]> {
    const contents: Content[] = []
    let copied = 0
    for (const item of this.#plan.sections) {
      const content = await contentOf(source, item)
      contents.push(content)
      if (item.section.names !== undefined && content !== 'NIL' && 'section' in content)
        copied += content.section.length
      if (copied > MAX_COPIED && contents.length > 1)
        throw no('Too many header fields of one message', 'LIMIT')
      if (this.#turn.over) await this.#turn.pass()
    }
    return contents
  }

  /** What the store has lost of one message keeps nobody from the others. */
  async #sendRow(
    batch: Batch,
    at: number,
    source: MessageSource,
    table: FlagTable,
    seenNow: boolean,
  ): Promise<void> {
    const session = this.#session
    const begun = session.output.writer.position
    try {
      await this.#writeRow(batch, at, source, table, seenNow)
      this.sent++
    } catch (error) {
      takeBackRow(session, begun, error)
      if (!isStoreError(error, 'corrupt')) throw error
      const uid = batch.entries.uids[at]
      session.connection.log.error({ err: error, account: session.account, uid }, 'imap-fetch-failed')
      this.lost++
    }
  }

  /** Everything is read before the row begins; only large sections are read while it is sent. */
  async #writeRow(
    batch: Batch,
    at: number,
    source: MessageSource,
    table: FlagTable,
    seenNow: boolean,
  ): Promise<void> {
    const session = this.#session
    const contents = await this.#contentsOf(source)
    const { simple } = this.#plan
    const seq = this.#view.seqOf(batch.entries.uids[at] ?? 0)
    const { writer } = session.output
    // RFC 3501 §6.4.5: where \Seen was set, the flags are told with the rest.
    const items: readonly SimpleItem[] = seenNow && !simple.includes('FLAGS') ? [...simple, 'FLAGS'] : simple
    const root = simple.includes('BODY') ? source.root : undefined
    writeRow({ writer, view: this.#view, table }, batch, at, seq, items, root)
    for (const [index, item] of this.#plan.sections.entries()) {
      if (index > 0 || items.length > 0) writer.octet(0x20)
      await sendSection(session, item.label, contents[index] ?? 'NIL')
    }
    endRow(writer)
  }
}

/** Whether all that was asked for could be read: a content may have been collected meanwhile. */
function isWhole(batch: Batch, at: number, { simple }: Plan): boolean {
  if (simple.includes('ENVELOPE') && batch.envelopes[at] === undefined) return false
  return !simple.includes('BODYSTRUCTURE') || batch.structures[at] !== undefined
}

/** Sends the items of the messages; returns how many of them could be sent. */
export async function fetchAll(
  session: Session,
  uids: Uint32Array,
  items: readonly Item[],
  byUid: boolean,
): Promise<number> {
  const view = session.selected
  const plan = planOf(items, byUid, view)
  const fetch = new Fetch(session, view, plan)
  const slices = slicesOf(readEntries(session.services, session.account, view.mailbox, uids, plan), plan)
  if (plan.source) for await (const slice of slices) await fetch.sendWithSources(slice)
  else {
    const batches = readAhead(slices, AHEAD, (slice) => batchOf(session, slice, plan))
    for await (const batch of batches) await fetch.sendRows(batch)
  }
  if (fetch.lost > 0)
    throw no('Some of the messages are damaged; the administrator has been told', 'CONTACTADMIN')
  return fetch.sent
}
