// COPY (RFC 3501 §6.4.7), all or nothing, and MOVE (RFC 6851), one slice. Content stays where it is: only entries are made.

import type { Connection } from '../../kit/sqlite/connection.js'
import { FLAG_WORDS } from '../../model/flags.js'
import { emptyCold, emptyHot } from '../entries.js'
import { chunkOf, decodeChunk } from '../index-codec.js'
import type { MailboxRow } from '../rows.js'
import { chargeQuota } from './append.js'
import type { CopyResult, MutationOf } from './calls.js'
import { allocateUids, type FullColumns, IndexRows } from './index-rows.js'
import { AccountRows, MailboxRows } from './rows.js'
import { markWanted, runEnd } from './slices.js'

/** The entries marked in `take`. */
function pick(columns: FullColumns, take: Uint8Array, count: number): FullColumns {
  const picked: FullColumns = { ...emptyHot(count), length: count, cold: emptyCold(count) }
  for (let from = 0, to = 0; from < columns.length; from++)
    if (take[from] === 1) copyEntry(columns, from, picked, to++)
  return picked
}

function copyEntry(source: FullColumns, from: number, target: FullColumns, to: number): void {
  target.uids[to] = source.uids[from] ?? 0
  target.modseqs[to] = source.modseqs[from] ?? 0
  for (let word = 0; word < FLAG_WORDS; word++)
    target.flags[to * FLAG_WORDS + word] = source.flags[from * FLAG_WORDS + word] ?? 0
  target.cold.internalDates[to] = source.cold.internalDates[from] ?? 0
  target.cold.zones[to] = source.cold.zones[from] ?? 0
  target.cold.savedDates[to] = source.cold.savedDates[from] ?? 0
  target.cold.sizes[to] = source.cold.sizes[from] ?? 0
  target.cold.contents[to] = source.cold.contents[from] ?? 0
  target.cold.attachments[to] = source.cold.attachments[from] ?? 0
}

/** One behind the other, with UIDs from `firstUid`, a modseq and the time at which they came there. */
function placed(parts: readonly FullColumns[], firstUid: number, modseq: number, now: number): FullColumns {
  const length = parts.reduce((sum, part) => sum + part.length, 0)
  const all: FullColumns = { ...emptyHot(length), length, cold: emptyCold(length) }
  let to = 0
  for (const part of parts) for (let from = 0; from < part.length; from++) copyEntry(part, from, all, to++)
  for (let at = 0; at < length; at++) all.uids[at] = firstUid + at
  all.modseqs.fill(modseq)
  all.cold.savedDates.fill(now)
  return all
}

const uidsOf = (parts: readonly FullColumns[]): Uint32Array => {
  const length = parts.reduce((sum, part) => sum + part.length, 0)
  const uids = new Uint32Array(length)
  let at = 0
  for (const part of parts) {
    uids.set(part.uids, at)
    at += part.length
  }
  return uids
}

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
      const end = runEnd(uids, at, chunkOf)
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
      const end = runEnd(args.uids, done, chunkOf)
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
