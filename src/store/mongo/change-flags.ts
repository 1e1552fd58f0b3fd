// STORE (RFC 3501 §6.4.6): one slice. What happens to the entries stands in src/store/change-entries.ts.

import type { FlagChange } from '../../model/flags.js'
import { type AccountId, type MailboxId, type ModSeq, modSeq } from '../../model/ids.js'
import { FlagSlice } from '../change-entries.js'
import { emptyHot } from '../entries.js'
import { decodeHot, encodeHot, hotLength } from '../index-codec.js'
import type { FlagsChanged } from '../messages.js'
import { chunkNeeds, loadChunks } from './index-documents.js'
import { wordsOf } from './keywords.js'
import { type ChunkDocument, mailboxKey } from './schema.js'
import { type Run, runsOf } from './slices.js'
import type { Mutation } from './unit.js'

export interface FlagsArgs {
  readonly account: AccountId
  readonly mailbox: MailboxId
  /** Ascending. */
  readonly uids: Uint32Array
  readonly change: FlagChange
  readonly unchangedSince: ModSeq | undefined
}

function changeChunk(document: ChunkDocument | undefined, flags: FlagSlice, run: Run, modseq: number): void {
  const length = document === undefined ? 0 : hotLength(document.hot)
  const hot = emptyHot(length)
  if (document !== undefined) decodeHot(run.chunk, document.hot, hot, 0)
  if (flags.change(hot, run.from, run.to) === 0 || document === undefined) return
  document.hot = encodeHot(hot, 0, length)
  document.max_modseq = modseq
}

/** One slice, of all that it is given. */
export function changeFlagsMutation(args: FlagsArgs): Mutation<FlagsChanged> {
  const { uids, change, unchangedSince } = args
  const runs = runsOf(uids)
  const chunks = runs.map(({ chunk }) => chunk)
  return {
    name: 'changeFlags',
    accounts: [args.account],
    needs: [
      { kind: 'mailbox', id: mailboxKey(args.account, args.mailbox) },
      ...chunkNeeds(args.account, args.mailbox, chunks),
    ],
    octets: runs.length * 2048,
    async run(unit) {
      const account = await unit.account(args.account)
      const box = await unit.mailbox(args.account, args.mailbox)
      const documents = await loadChunks(unit, box, chunks)
      const words = wordsOf(account, change.flags, change.mode !== 'remove')
      const { modseq } = account
      const flags = new FlagSlice({ uids, mode: change.mode, words, unchangedSince, modseq }, box)
      runs.forEach((run, at) => {
        changeChunk(documents[at], flags, run, modseq)
      })
      const before = modSeq(box.highest_modseq)
      if (flags.changed === 0) account.modseq--
      else box.highest_modseq = modseq
      const { uids: found, modseqs, flags: bits, changed, modified, missing } = flags.result()
      const entries = { length: found.length, uids: found, modseqs, flags: bits }
      return { before, modseq: modSeq(account.modseq), entries, changed, modified, missing }
    },
  }
}
