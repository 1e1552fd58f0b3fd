// Entries of a mailbox's index in bulk: one typed array a column, in ascending order of UID. This is what is read all
// the time; one object a message would cost more than reading it. docs/adr/0001.

import { FLAG_WORDS } from '../model/flags.js'

/** The columns that flags and synchronisation need. */
export interface HotColumns {
  readonly uids: Uint32Array
  readonly modseqs: Float64Array
  /** FLAG_WORDS words an entry. */
  readonly flags: Uint32Array
}

export interface ColdColumns {
  /** Milliseconds since 1970 (whole seconds), and the zone that the date was given in, in minutes east. */
  readonly internalDates: Float64Array
  readonly zones: Int16Array
  /** When it came into this mailbox (RFC 8514), milliseconds since 1970. */
  readonly savedDates: Float64Array
  /** RFC822.SIZE, trace lines included. */
  readonly sizes: Float64Array
  readonly contents: Uint32Array
  /** 1 where the message has attachments. */
  readonly attachments: Uint8Array
}

export interface Entries extends HotColumns {
  readonly length: number
  /** Undefined where only the hot columns were asked for. */
  readonly cold?: ColdColumns
}

export function emptyHot(length: number): HotColumns {
  return {
    uids: new Uint32Array(length),
    modseqs: new Float64Array(length),
    flags: new Uint32Array(length * FLAG_WORDS),
  }
}

export function emptyCold(length: number): ColdColumns {
  return {
    internalDates: new Float64Array(length),
    zones: new Int16Array(length),
    savedDates: new Float64Array(length),
    sizes: new Float64Array(length),
    contents: new Uint32Array(length),
    attachments: new Uint8Array(length),
  }
}

/** A view on entries [start, end); no column is copied. */
export function sliceEntries(entries: Entries, start: number, end: number): Entries {
  const { cold } = entries
  return {
    length: end - start,
    uids: entries.uids.subarray(start, end),
    modseqs: entries.modseqs.subarray(start, end),
    flags: entries.flags.subarray(start * FLAG_WORDS, end * FLAG_WORDS),
    ...(cold === undefined
      ? {}
      : {
          cold: {
            internalDates: cold.internalDates.subarray(start, end),
            zones: cold.zones.subarray(start, end),
            savedDates: cold.savedDates.subarray(start, end),
            sizes: cold.sizes.subarray(start, end),
            contents: cold.contents.subarray(start, end),
            attachments: cold.attachments.subarray(start, end),
          },
        }),
  }
}
