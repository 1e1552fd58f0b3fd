// STORE (RFC 3501 §6.4.6): one slice. What happens to the entries stands in src/store/change-entries.ts.

import type { Connection } from '../../kit/sqlite/connection.js'
import { FlagSlice } from '../change-entries.js'
import { emptyHot } from '../entries.js'
import { chunkOf, decodeHot, encodeHot, hotLength } from '../index-codec.js'
import type { MailboxRow } from '../rows.js'
import { runEnd } from '../slices.js'
import type { MutationOf } from './calls.js'
import { IndexRows } from './index-rows.js'
import { KeywordRows } from './keyword-rows.js'
import { AccountRows, MailboxRows } from './rows.js'

interface Slice {
  readonly box: MailboxRow
  readonly modseq: number
  readonly flags: FlagSlice
}

export function changeFlagsMutation(db: Connection): MutationOf<'changeFlags'> {
  const accounts = new AccountRows(db)
  const mailboxes = new MailboxRows(db)
  const index = new IndexRows(db)
  const keywords = new KeywordRows(db)

  const changeChunk = (slice: Slice, chunk: number, from: number, to: number): void => {
    const row = index.hot(slice.box, chunk)
    const length = row === undefined ? 0 : hotLength(row.entries)
    const hot = emptyHot(length)
    if (row !== undefined) decodeHot(chunk, row.entries, hot, 0)
    if (slice.flags.change(hot, from, to) > 0 && row !== undefined)
      // Never narrower than before: a value of the same length is overwritten where it stands.
      index.saveHot(row.id, slice.modseq, encodeHot(hot, 0, length, row.entries[3]))
  }

  return (args) => {
    const until = performance.now() + args.sliceMs
    const account = accounts.take(args.account)
    const box = mailboxes.take(args.account, args.mailbox)
    const words = keywords.words(account, args.flags, args.mode !== 'remove')
    const { uids, mode, unchangedSince } = args
    const before = box.highest_modseq
    const { modseq } = account
    const flags = new FlagSlice({ uids, mode, words, unchangedSince, modseq }, box)
    const slice: Slice = { box, modseq, flags }
    let done = 0
    while (done < uids.length && (done === 0 || performance.now() < until)) {
      const end = runEnd(uids, done)
      changeChunk(slice, chunkOf(uids[done] ?? 0), done, end)
      done = end
    }
    if (flags.changed === 0) {
      account.modseq--
      accounts.save(account)
    } else {
      accounts.save(account)
      mailboxes.save(box, account.modseq)
    }
    return { before, modseq: account.modseq, done, ...flags.result() }
  }
}
