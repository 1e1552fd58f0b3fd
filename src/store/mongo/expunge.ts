// EXPUNGE (RFC 3501 §6.4.3) and UID EXPUNGE (RFC 4315 §2.1): one slice.

import { type AccountId, type MailboxId, modSeq } from '../../model/ids.js'
import { uidsOf } from '../columns.js'
import { emptyHot } from '../entries.js'
import { decodeHot, hotLength } from '../index-codec.js'
import type { Expunged } from '../messages.js'
import { markDeleted, markWanted } from '../slices.js'
import { chunkNeeds, loadChunks, removeEntries } from './index-documents.js'
import { type ChunkDocument, mailboxKey } from './schema.js'
import { type Run, runsOf } from './slices.js'
import type { Mutation } from './unit.js'

/** Marks those that a run wants and that bear \Deleted at this moment; undefined where there are none. */
function deletedOf(document: ChunkDocument, uids: Uint32Array, { from, to }: Run): Uint8Array | undefined {
  const length = hotLength(document.hot)
  const hot = emptyHot(length)
  decodeHot(document.chunk, document.hot, hot, 0)
  const take = new Uint8Array(length)
  markWanted(hot.uids, uids, from, to, take)
  return markDeleted(hot, take, false) === 0 ? undefined : take
}

/** One slice, of all that it is given: `uids` ascends. */
export function expungeMutation(id: AccountId, mailbox: MailboxId, uids: Uint32Array): Mutation<Expunged> {
  const runs = runsOf(uids)
  const chunks = runs.map(({ chunk }) => chunk)
  return {
    name: 'expunge',
    accounts: [id],
    needs: [{ kind: 'mailbox', id: mailboxKey(id, mailbox) }, ...chunkNeeds(id, mailbox, chunks)],
    octets: runs.length * 8192,
    async run(unit) {
      const account = await unit.account(id)
      const box = await unit.mailbox(id, mailbox)
      const documents = await loadChunks(unit, box, chunks)
      const octetsBefore = box.octets
      const parts = runs.flatMap((run, at) => {
        const document = documents[at]
        const take = document && deletedOf(document, uids, run)
        return document && take ? [removeEntries(unit, box, document, take, account.modseq)] : []
      })
      account.storage_used -= octetsBefore - box.octets
      if (parts.length === 0) account.modseq--
      return { modseq: modSeq(account.modseq), uids: uidsOf(parts) }
    },
  }
}
