// One FETCH response a message, written straight from the columns of the index and the prepared octets (RFC 3501 §7.4.2).

import type { Entries } from '../../mail/types.js'
import { bodyResponse } from '../../mime/structure.js'
import { FLAG_WORDS, type FlagTable } from '../../model/flags.js'
import type { Part } from '../../model/message.js'
import { flagList } from '../flag-lists.js'
import type { View } from '../view.js'
import { formatDateTime } from '../wire/dates.js'
import type { ResponseWriter } from '../wire/response-writer.js'
import type { SimpleItem } from './items.js'

/** Entries with what was read of their contents beside them. */
export interface Batch {
  readonly entries: Entries
  readonly envelopes: readonly (Uint8Array | undefined)[]
  readonly structures: readonly (Uint8Array | undefined)[]
}

export interface RowContext {
  readonly writer: ResponseWriter
  readonly view: View
  readonly table: FlagTable
}

type WriteItem = (context: RowContext, batch: Batch, at: number, root: Part | undefined) => void

const ITEMS: Readonly<Record<SimpleItem, WriteItem>> = {
  UID: ({ writer }, { entries }, at) => writer.text('UID ').number(entries.uids[at] ?? 0),
  FLAGS: ({ writer, view, table }, { entries }, at) => {
    const recent = view.hasRecent && view.isRecent(entries.uids[at] ?? 0)
    writer.text('FLAGS ').octets(flagList(table, entries.flags, at * FLAG_WORDS, recent))
  },
  INTERNALDATE: ({ writer }, { entries }, at) => {
    const date = formatDateTime(entries.cold?.internalDates[at] ?? 0, entries.cold?.zones[at] ?? 0)
    writer.text('INTERNALDATE "').text(date).octet(0x22)
  },
  'RFC822.SIZE': ({ writer }, { entries }, at) =>
    writer.text('RFC822.SIZE ').number(entries.cold?.sizes[at] ?? 0),
  ENVELOPE: ({ writer }, { envelopes }, at) => writer.text('ENVELOPE ').octets(envelopes[at] ?? NO_ENVELOPE),
  BODYSTRUCTURE: ({ writer }, { structures }, at) =>
    writer.text('BODYSTRUCTURE ').octets(structures[at] ?? NO_STRUCTURE),
  BODY: ({ writer }, _batch, _at, root) => {
    writer.text('BODY ')
    if (root === undefined) writer.octets(NO_STRUCTURE)
    else writer.octets(Buffer.from(bodyResponse(root), 'latin1'))
  },
}

// A content that is gone between two reads; rows of such messages are left out before they are written.
const NO_ENVELOPE = Buffer.from('(NIL NIL NIL NIL NIL NIL NIL NIL NIL NIL)')
const NO_STRUCTURE = Buffer.from('("TEXT" "PLAIN" NIL NIL NIL "7BIT" 0 0)')

/** `* n FETCH (` and the items; the caller adds sections and closes the list. */
export function writeRow(
  context: RowContext,
  batch: Batch,
  at: number,
  seq: number,
  items: readonly SimpleItem[],
  root: Part | undefined,
): void {
  const { writer } = context
  writer.text('* ').number(seq).text(' FETCH (')
  for (let index = 0; index < items.length; index++) {
    if (index > 0) writer.octet(0x20)
    ITEMS[items[index] as SimpleItem](context, batch, at, root)
  }
}

export const endRow = (writer: ResponseWriter): ResponseWriter => writer.text(')\r\n')
