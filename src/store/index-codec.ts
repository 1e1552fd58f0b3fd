// The packed index: 128 neighbouring UIDs of a mailbox in two binary values, one entry after another in fixed widths.
// Hot changes all the time, cold never. The same octets in every store. docs/adr/0001.
//
//   hot    format, width of uid, of modseq, of flags;                 entries: uid in the chunk, modseq, flags
//   cold   format, widths of uid, internalDate, zone, savedDate, size, content, attachments;     entries likewise

import { FLAG_WORDS } from '../model/flags.js'
import { type ColdColumns, emptyCold, emptyHot, type HotColumns } from './entries.js'
import { StoreError } from './errors.js'

const CHUNK_BITS = 7
/** UIDs of a chunk. A full hot chunk with 16 octets of flags still fits one page of SQLite. */
export const CHUNK_SIZE = 1 << CHUNK_BITS

export const chunkOf = (uid: number): number => uid >>> CHUNK_BITS
export const firstUidOf = (chunk: number): number => chunk * CHUNK_SIZE

const FORMAT = 1
const HIGH = 2 ** 32
/** The highest modseq that six octets hold. */
export const MAX_PACKED_MODSEQ = 2 ** 48 - 1
/** Octets of the largest message that five octets of size describe. */
export const MAX_PACKED_SIZE = 2 ** 40 - 1

const HOT_HEADER = 4
const HOT_FIXED = 1 + 6
/** uid, internalDate (seconds, signed), zone (signed), savedDate (milliseconds), size, content, attachments. */
const COLD_WIDTHS = [1, 6, 2, 6, 5, 4, 1] as const
const COLD_HEADER = 1 + COLD_WIDTHS.length
const COLD_WIDTH = COLD_WIDTHS.reduce((sum: number, width) => sum + width, 0)

const viewOf = (octets: Uint8Array): DataView =>
  new DataView(octets.buffer, octets.byteOffset, octets.byteLength)

const corrupt = (what: string): never => {
  throw new StoreError('corrupt', `a packed value of the index cannot be read: ${what}`)
}

interface Shape {
  readonly header: number
  readonly width: number
  readonly length: number
}

function shapeOf(octets: Uint8Array, header: number, width: number): Shape {
  const length = (octets.length - header) / width
  if (!Number.isInteger(length) || length < 0 || length > CHUNK_SIZE) corrupt(`${octets.length} octets`)
  return { header, width, length }
}

function hotShape(hot: Uint8Array): Shape {
  const [format, uid, modseq, flags = 0] = hot
  if (format !== FORMAT || uid !== 1 || modseq !== 6 || ![1, 2, 4, 8, 16].includes(flags))
    corrupt(`hot header ${hot.subarray(0, HOT_HEADER).join(' ')}`)
  return shapeOf(hot, HOT_HEADER, HOT_FIXED + flags)
}

function coldShape(cold: Uint8Array): Shape {
  if (cold[0] !== FORMAT || COLD_WIDTHS.some((width, column) => cold[1 + column] !== width))
    corrupt(`cold header ${cold.subarray(0, COLD_HEADER).join(' ')}`)
  return shapeOf(cold, COLD_HEADER, COLD_WIDTH)
}

export const hotLength = (hot: Uint8Array): number => hotShape(hot).length

/** Reads a chunk's hot entries into the columns from `at`; returns the place behind the last. */
export function decodeHot(chunk: number, hot: Uint8Array, into: HotColumns, at: number): number {
  const { header, width, length } = hotShape(hot)
  const { uids, modseqs } = into
  const view = viewOf(hot)
  const first = firstUidOf(chunk)
  for (let entry = 0, from = header; entry < length; entry++, from += width) {
    uids[at + entry] = first + view.getUint8(from)
    modseqs[at + entry] = view.getUint32(from + 1, true) + view.getUint16(from + 5, true) * HIGH
  }
  decodeFlags(view, width, length, into.flags, at)
  return at + length
}

function decodeFlags(view: DataView, width: number, length: number, flags: Uint32Array, at: number): void {
  const octets = width - HOT_FIXED
  let from = HOT_HEADER + HOT_FIXED
  let to = at * FLAG_WORDS
  for (let entry = 0; entry < length; entry++, from += width, to += FLAG_WORDS) {
    if (octets === 1) flags[to] = view.getUint8(from)
    else if (octets === 2) flags[to] = view.getUint16(from, true)
    else
      for (let word = 0; word < octets / 4; word++) flags[to + word] = view.getUint32(from + word * 4, true)
  }
}

/** Reads a chunk's cold entries into the columns from `at`; `uids` are those that its hot value gave. */
export function decodeCold(cold: Uint8Array, uids: Uint32Array, into: ColdColumns, at: number): number {
  const { header, width, length } = coldShape(cold)
  const view = viewOf(cold)
  for (let entry = 0, from = header, to = at; entry < length; entry++, from += width, to++) {
    if (view.getUint8(from) !== (uids[to] ?? 0) % CHUNK_SIZE) corrupt('hot and cold disagree')
    into.internalDates[to] = (view.getUint32(from + 1, true) + view.getInt16(from + 5, true) * HIGH) * 1000
    into.zones[to] = view.getInt16(from + 7, true)
    into.savedDates[to] = view.getUint32(from + 9, true) + view.getUint16(from + 13, true) * HIGH
    into.sizes[to] = view.getUint32(from + 15, true) + view.getUint8(from + 19) * HIGH
    into.contents[to] = view.getUint32(from + 20, true)
    into.attachments[to] = view.getUint8(from + 24)
  }
  return at + length
}

/** Only the contents and their sizes, for the collector. */
export function decodeContents(cold: Uint8Array, each: (content: number, size: number) => void): void {
  const { header, width, length } = coldShape(cold)
  const view = viewOf(cold)
  for (let entry = 0, from = header; entry < length; entry++, from += width)
    each(view.getUint32(from + 20, true), view.getUint32(from + 15, true) + view.getUint8(from + 19) * HIGH)
}

/** The narrowest width that holds the flags of entries `from` … `to` - 1. */
function flagWidth(flags: Uint32Array, from: number, to: number): number {
  let low = 0
  let second = 0
  let high = 0
  for (let at = from * FLAG_WORDS; at < to * FLAG_WORDS; at += FLAG_WORDS) {
    low |= flags[at] ?? 0
    second |= flags[at + 1] ?? 0
    high |= (flags[at + 2] ?? 0) | (flags[at + 3] ?? 0)
  }
  if (high !== 0) return 16
  if (second !== 0) return 8
  if (low >>> 16 !== 0) return 4
  return low >>> 8 !== 0 ? 2 : 1
}

/** Packs entries `from` … `to` - 1, all of one chunk and in ascending order; flags at least `minWidth` octets wide. */
export function encodeHot(columns: HotColumns, from: number, to: number, minWidth = 1): Uint8Array {
  const { uids, modseqs, flags } = columns
  const octets = Math.max(minWidth, flagWidth(flags, from, to))
  const width = HOT_FIXED + octets
  const hot = new Uint8Array(HOT_HEADER + (to - from) * width)
  hot.set([FORMAT, 1, 6, octets])
  const view = viewOf(hot)
  for (let entry = from, at = HOT_HEADER; entry < to; entry++, at += width) {
    const modseq = modseqs[entry] ?? 0
    view.setUint8(at, (uids[entry] ?? 0) % CHUNK_SIZE)
    view.setUint32(at + 1, modseq % HIGH, true)
    view.setUint16(at + 5, Math.floor(modseq / HIGH), true)
    const word = entry * FLAG_WORDS
    if (octets === 1) view.setUint8(at + HOT_FIXED, flags[word] ?? 0)
    else if (octets === 2) view.setUint16(at + HOT_FIXED, flags[word] ?? 0, true)
    else
      for (let n = 0; n < octets / 4; n++) view.setUint32(at + HOT_FIXED + n * 4, flags[word + n] ?? 0, true)
  }
  return hot
}

export function encodeCold(uids: Uint32Array, columns: ColdColumns, from: number, to: number): Uint8Array {
  const cold = new Uint8Array(COLD_HEADER + (to - from) * COLD_WIDTH)
  cold.set([FORMAT, ...COLD_WIDTHS])
  const view = viewOf(cold)
  for (let entry = from, at = COLD_HEADER; entry < to; entry++, at += COLD_WIDTH) {
    const seconds = Math.floor((columns.internalDates[entry] ?? 0) / 1000)
    const saved = columns.savedDates[entry] ?? 0
    const size = columns.sizes[entry] ?? 0
    view.setUint8(at, (uids[entry] ?? 0) % CHUNK_SIZE)
    view.setUint32(at + 1, ((seconds % HIGH) + HIGH) % HIGH, true)
    view.setInt16(at + 5, Math.floor(seconds / HIGH), true)
    view.setInt16(at + 7, columns.zones[entry] ?? 0, true)
    view.setUint32(at + 9, saved % HIGH, true)
    view.setUint16(at + 13, Math.floor(saved / HIGH), true)
    view.setUint32(at + 15, size % HIGH, true)
    view.setUint8(at + 19, Math.floor(size / HIGH))
    view.setUint32(at + 20, columns.contents[entry] ?? 0, true)
    view.setUint8(at + 24, columns.attachments[entry] ?? 0)
  }
  return cold
}

/** Puts packed entries behind those of a chunk that are all lower. */
export function joinHot(before: Uint8Array, more: Uint8Array): Uint8Array {
  const old = hotShape(before)
  const added = hotShape(more)
  if (old.width === added.width) return joined(before, more, HOT_HEADER)
  const columns = emptyHot(old.length + added.length)
  const width = Math.max(old.width, added.width) - HOT_FIXED
  const between = decodeHot(0, before, columns, 0)
  return encodeHot(columns, 0, decodeHot(0, more, columns, between), width)
}

export function joinCold(before: Uint8Array, more: Uint8Array): Uint8Array {
  coldShape(before)
  coldShape(more)
  return joined(before, more, COLD_HEADER)
}

function joined(before: Uint8Array, more: Uint8Array, header: number): Uint8Array {
  const both = new Uint8Array(before.length + more.length - header)
  both.set(before)
  both.set(more.subarray(header), before.length)
  return both
}

export interface Divided {
  readonly kept: Uint8Array
  readonly taken: Uint8Array
}

const divided = (octets: Uint8Array, { header, width, length }: Shape, take: Uint8Array): Divided => {
  let taking = 0
  for (let entry = 0; entry < length; entry++) taking += take[entry] ?? 0
  const kept = new Uint8Array(header + (length - taking) * width)
  const taken = new Uint8Array(header + taking * width)
  kept.set(octets.subarray(0, header))
  taken.set(octets.subarray(0, header))
  let keptTo = header
  let takenTo = header
  for (let entry = 0, at = header; entry < length; entry++, at += width) {
    const row = octets.subarray(at, at + width)
    if (take[entry] === 1) {
      taken.set(row, takenTo)
      takenTo += width
    } else {
      kept.set(row, keptTo)
      keptTo += width
    }
  }
  return { kept, taken }
}

/** Divides a chunk's values: `take` has a 1 for each entry, in their order, that goes. */
export const divideHot = (hot: Uint8Array, take: Uint8Array): Divided => divided(hot, hotShape(hot), take)
export const divideCold = (cold: Uint8Array, take: Uint8Array): Divided =>
  divided(cold, coldShape(cold), take)

/** One chunk's entries, both halves, as columns. */
export function decodeChunk(
  chunk: number,
  hot: Uint8Array,
  cold: Uint8Array,
): HotColumns & { length: number; cold: ColdColumns } {
  const length = hotLength(hot)
  if (coldShape(cold).length !== length) corrupt('hot and cold differ in length')
  const columns = emptyHot(length)
  const coldColumns = emptyCold(length)
  decodeHot(chunk, hot, columns, 0)
  decodeCold(cold, columns.uids, coldColumns, 0)
  return { ...columns, length, cold: coldColumns }
}
