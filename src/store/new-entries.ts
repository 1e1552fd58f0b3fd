// Messages that arrive, by APPEND or delivery, as entries at the end of their mailbox: what every engine makes of them before
// it packs them. src/store/entries.ts; docs/adr/0001.

import { FLAG_WORDS } from '../model/flags.js'
import { allocateContents, allocateUids } from './allowances.js'
import { emptyColumns, type FullColumns } from './columns.js'
import type { AccountRow, MailboxState } from './rows.js'

/** What a message brings to its entry. */
export interface NewEntry {
  readonly flags: readonly string[]
  readonly internalDate: number
  readonly zone: number
  /** RFC822.SIZE: source and trace. */
  readonly size: number
  readonly hasAttachments: boolean
}

/** In order, with the account's modseq. `wordsOf` numbers keywords that are new. Throws `limit`. */
export function newEntries(
  account: AccountRow,
  box: MailboxState,
  messages: readonly NewEntry[],
  now: number,
  wordsOf: (flags: readonly string[]) => Uint32Array,
): FullColumns {
  const columns = emptyColumns(messages.length)
  const { cold } = columns
  const firstUid = allocateUids(box, messages.length)
  const firstContent = allocateContents(account, messages.length)
  columns.modseqs.fill(account.modseq)
  cold.savedDates.fill(now)
  messages.forEach((message, at) => {
    columns.uids[at] = firstUid + at
    columns.flags.set(wordsOf(message.flags), at * FLAG_WORDS)
    cold.internalDates[at] = message.internalDate
    cold.zones[at] = message.zone
    cold.sizes[at] = message.size
    cold.contents[at] = firstContent + at
    cold.attachments[at] = message.hasAttachments ? 1 : 0
  })
  return columns
}
