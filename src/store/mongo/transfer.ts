// COPY (RFC 3501 §6.4.7), all or nothing, and MOVE (RFC 6851), one slice. Content stays where it is: only entries are made.

import { type AccountId, type MailboxId, modSeq } from '../../model/ids.js'
import { allocateUids, chargeQuota } from '../allowances.js'
import { type FullColumns, pick, placed, uidsOf } from '../columns.js'
import { decodeChunk } from '../index-codec.js'
import type { Copied } from '../messages.js'
import { markWanted } from '../slices.js'
import { appendEntries, chunkNeeds, loadChunks, removeEntries } from './index-documents.js'
import { type ChunkDocument, type MailboxDocument, mailboxKey } from './schema.js'
import { type Run, runsOf } from './slices.js'
import type { Key, Mutation, Unit } from './unit.js'

export interface Transfer {
  readonly account: AccountId
  readonly from: MailboxId
  /** Ascending. */
  readonly uids: Uint32Array
  readonly to: MailboxId
}

/** Octets that an entry takes in a chunk and in a tombstone, about. */
const ENTRY_OCTETS = 64

const needsOf = ({ account, from, to }: Transfer, runs: readonly Run[]): Key[] => [
  { kind: 'mailbox', id: mailboxKey(account, from) },
  { kind: 'mailbox', id: mailboxKey(account, to) },
  ...chunkNeeds(
    account,
    from,
    runs.map(({ chunk }) => chunk),
  ),
]

/** Marks which of a chunk's entries a run wants. */
function marked(document: ChunkDocument, uids: Uint32Array, { from, to }: Run) {
  const columns = decodeChunk(document.chunk, document.hot, document.cold)
  const take = new Uint8Array(columns.length)
  return { columns, take, count: markWanted(columns.uids, uids, from, to, take) }
}

/** Puts what was picked at the end of `box`; the answer, and the octets that came. */
async function place(unit: Unit, box: MailboxDocument, parts: readonly FullColumns[], modseq: number) {
  const from = uidsOf(parts)
  const columns = placed(parts, from.length === 0 ? 0 : allocateUids(box, from.length), modseq, Date.now())
  const octets = from.length === 0 ? 0 : await appendEntries(unit, box, columns, modseq)
  return { from, to: columns.uids, octets }
}

async function load(unit: Unit, { account, from, to }: Transfer, runs: ReturnType<typeof runsOf>) {
  const loaded = {
    account: await unit.account(account),
    source: await unit.mailbox(account, from),
    target: await unit.mailbox(account, to),
  }
  const chunks = runs.map(({ chunk }) => chunk)
  return { ...loaded, documents: await loadChunks(unit, loaded.source, chunks) }
}

export function copyMutation(transfer: Transfer, quotaLimit: number): Mutation<Copied> {
  const runs = runsOf(transfer.uids)
  return {
    name: 'copy',
    accounts: [transfer.account],
    needs: needsOf(transfer, runs),
    octets: transfer.uids.length * ENTRY_OCTETS,
    async run(unit) {
      const { account, target, documents } = await load(unit, transfer, runs)
      const parts = runs.flatMap((run, at) => {
        const document = documents[at]
        if (document === undefined) return []
        const { columns, take, count } = marked(document, transfer.uids, run)
        return count > 0 ? [pick(columns, take, count)] : []
      })
      const { from, to, octets } = await place(unit, target, parts, account.modseq)
      // Nothing was there to be copied: nothing has changed.
      if (to.length === 0) account.modseq--
      else chargeQuota(account, octets, quotaLimit)
      return { uidValidity: target.uid_validity, from, to, modseq: modSeq(account.modseq) }
    },
  }
}

/** One slice, of all that it is given. */
export function moveMutation(transfer: Transfer): Mutation<Copied> {
  const runs = runsOf(transfer.uids)
  return {
    name: 'move',
    accounts: [transfer.account],
    needs: needsOf(transfer, runs),
    octets: 2 * transfer.uids.length * ENTRY_OCTETS,
    async run(unit) {
      const { account, source, target, documents } = await load(unit, transfer, runs)
      const parts = runs.flatMap((run, at) => {
        const document = documents[at]
        if (document === undefined) return []
        const { take, count } = marked(document, transfer.uids, run)
        return count > 0 ? [removeEntries(unit, source, document, take, account.modseq)] : []
      })
      const { from, to } = await place(unit, target, parts, account.modseq)
      if (to.length === 0) account.modseq--
      return { uidValidity: target.uid_validity, from, to, modseq: modSeq(account.modseq) }
    },
  }
}
