// COPY (RFC 3501 §6.4.7), all or nothing, and MOVE (RFC 6851), one slice. Content stays where it is: only entries are made.

import type { Connection } from '../../kit/sqlite/connection.js'
import { allocateUids, chargeQuota } from '../allowances.js'
import { type FullColumns, pick, placed, uidsOf } from '../columns.js'
import { chunkOf, decodeChunk } from '../index-codec.js'
import type { MailboxRow } from '../rows.js'
import { markWanted, runEnd } from '../slices.js'
import type { CopyResult, MutationOf } from './calls.js'
import { IndexRows } from './index-rows.js'
import { AccountRows, MailboxRows } from './rows.js'

/** Puts what was picked at the end of `box`; the answer, and the octets that came. */
function place(index: IndexRows, box: MailboxRow, parts: readonly FullColumns[], modseq: number) {
  const from = uidsOf(parts)
  const columns = placed(parts, from.length === 0 ? 0 : allocateUids(box, from.length), modseq, Date.now())
  const octets = index.append(box, columns, modseq)
  const result: CopyResult = { uidValidity: box.uid_validity, from, to: columns.uids, modseq }
  return { result, octets }
}

export function copyMutation(db: Connection): MutationOf<'copy'> {
  const accounts = new AccountRows(db)
  const mailboxes = new MailboxRows(db)
  const index = new IndexRows(db)

  const pickAll = (box: MailboxRow, uids: Uint32Array): FullColumns[] => {
    const parts: FullColumns[] = []
    for (let at = 0; at < uids.length; ) {
      const end = runEnd(uids, at)
      const found = index.find(box, chunkOf(uids[at] ?? 0))
      if (found !== undefined) {
        const columns = decodeChunk(found.chunk, found.hot, found.cold)
        const take = new Uint8Array(columns.length)
        const count = markWanted(columns.uids, uids, at, end, take)
        if (count > 0) parts.push(pick(columns, take, count))
      }
      at = end
    }
    return parts
  }

  return (args) => {
    const account = accounts.take(args.account)
    const from = mailboxes.take(args.account, args.from)
    const to = args.to === args.from ? from : mailboxes.take(args.account, args.to)
    const { result, octets } = place(index, to, pickAll(from, args.uids), account.modseq)
    // Nothing was there to be copied: nothing has changed.
    if (result.to.length === 0) return { ...result, modseq: account.modseq - 1 }
    chargeQuota(account, octets, args.quotaLimit)
    accounts.save(account)
    mailboxes.save(to, account.modseq)
    return result
  }
}

export function moveMutation(db: Connection): MutationOf<'move'> {
  const accounts = new AccountRows(db)
  const mailboxes = new MailboxRows(db)
  const index = new IndexRows(db)

  const take = (
    box: MailboxRow,
    uids: Uint32Array,
    at: number,
    end: number,
    modseq: number,
  ): FullColumns[] => {
    const found = index.find(box, chunkOf(uids[at] ?? 0))
    if (found === undefined) return []
    const columns = decodeChunk(found.chunk, found.hot, found.cold)
    const marks = new Uint8Array(columns.length)
    if (markWanted(columns.uids, uids, at, end, marks) === 0) return []
    return [index.remove(box, found, marks, modseq, Date.now())]
  }

  return (args) => {
    const until = performance.now() + args.sliceMs
    const account = accounts.take(args.account)
    const from = mailboxes.take(args.account, args.from)
    const to = args.to === args.from ? from : mailboxes.take(args.account, args.to)
    const parts: FullColumns[] = []
    let done = 0
    while (done < args.uids.length && (done === 0 || performance.now() < until)) {
      const end = runEnd(args.uids, done)
      parts.push(...take(from, args.uids, done, end, account.modseq))
      done = end
    }
    const { result } = place(index, to, parts, account.modseq)
    if (result.to.length === 0) return { ...result, modseq: account.modseq - 1, done }
    accounts.save(account)
    mailboxes.save(from, account.modseq)
    if (to !== from) mailboxes.save(to, account.modseq)
    return { ...result, done }
  }
}
