// EXPUNGE (RFC 3501 §6.4.3) and UID EXPUNGE (RFC 4315 §2.1): one slice.

import type { Connection } from '../../kit/sqlite/connection.js'
import { joinLists } from '../../model/number-set.js'
import { emptyHot } from '../entries.js'
import { chunkOf, decodeHot, hotLength } from '../index-codec.js'
import type { MailboxRow } from '../rows.js'
import { markDeleted, markWanted, runEnd } from '../slices.js'
import type { ExpungeArgs, MutationOf } from './calls.js'
import { IndexRows } from './index-rows.js'
import { AccountRows, MailboxRows } from './rows.js'

interface Run {
  readonly chunk: number
  /** Which of the wanted UIDs lie in it; undefined: all that bear \Deleted. */
  readonly from?: number
  readonly to?: number
}

export function expungeMutation(db: Connection): MutationOf<'expunge'> {
  const accounts = new AccountRows(db)
  const mailboxes = new MailboxRows(db)
  const index = new IndexRows(db)

  const runsOf = function* (args: ExpungeArgs, box: MailboxRow): Iterable<Run> {
    if (args.uids === undefined) {
      if (box.deleted > 0) for (const chunk of index.chunks(box, args.fromChunk)) yield { chunk }
      return
    }
    for (let from = 0; from < args.uids.length; ) {
      const to = runEnd(args.uids, from)
      yield { chunk: chunkOf(args.uids[from] ?? 0), from, to }
      from = to
    }
  }

  const expungeRun = (args: ExpungeArgs, box: MailboxRow, run: Run, modseq: number): Uint32Array => {
    const row = index.hot(box, run.chunk)
    if (row === undefined) return new Uint32Array()
    const length = hotLength(row.entries)
    const hot = emptyHot(length)
    decodeHot(run.chunk, row.entries, hot, 0)
    const take = new Uint8Array(length)
    if (args.uids !== undefined) markWanted(hot.uids, args.uids, run.from ?? 0, run.to ?? 0, take)
    if (markDeleted(hot, take, args.uids === undefined) === 0) return new Uint32Array()
    const found = index.find(box, run.chunk)
    return found === undefined ? new Uint32Array() : index.remove(box, found, take, modseq, Date.now()).uids
  }

  return (args) => {
    const until = performance.now() + args.sliceMs
    const account = accounts.take(args.account)
    const box = mailboxes.take(args.account, args.mailbox)
    const octetsBefore = box.octets
    const gone: Uint32Array[] = []
    let done = 0
    let nextChunk: number | undefined
    let first = true
    for (const run of runsOf(args, box)) {
      if (!first && performance.now() >= until) {
        nextChunk = run.chunk
        break
      }
      first = false
      gone.push(expungeRun(args, box, run, account.modseq))
      done = run.to ?? 0
    }
    const uids = joinLists(gone)
    if (uids.length === 0) return { modseq: account.modseq - 1, uids, done, nextChunk }
    account.storage_used -= octetsBefore - box.octets
    accounts.save(account)
    mailboxes.save(box, account.modseq)
    return { modseq: account.modseq, uids, done, nextChunk }
  }
}
