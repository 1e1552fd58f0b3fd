// Entries of messages that a session knows, for FETCH: also of those expunged elsewhere that it has not been told of yet
// (RFC 2180 §4.1.1), as long as the store keeps them.

import { Turn } from '../kit/turn.js'
import type { FlagTable } from '../model/flags.js'
import type { AccountId, MailboxId } from '../model/ids.js'
import type { Entries } from '../store/entries.js'
import { joinEntries, mergeEntries, pickEntries } from './entry-columns.js'
import type { Services } from './services.js'

/** UIDs further apart than this are read as ranges of their own: two chunks of the index lie between. */
const GAP = 512
/** UIDs of messages expunged elsewhere that are read at once: some milliseconds. */
const EXPUNGED_AT_ONCE = 1024

function runsOf(uids: Uint32Array): Uint32Array[] {
  const runs: Uint32Array[] = []
  let start = 0
  for (let i = 1; i <= uids.length; i++) {
    if (i < uids.length && (uids[i] as number) - (uids[i - 1] as number) <= GAP) continue
    runs.push(uids.subarray(start, i))
    start = i
  }
  return runs
}

/** Positions in `entries` of those of `wanted` (both ascending) that are there, and the rest of `wanted`. */
function match(entries: Entries, wanted: Uint32Array): { found: Uint32Array; missing: Uint32Array } {
  const found = new Uint32Array(Math.min(entries.length, wanted.length))
  const missing: number[] = []
  let count = 0
  let at = 0
  for (const uid of wanted) {
    while (at < entries.length && (entries.uids[at] as number) < uid) at++
    if (at < entries.length && entries.uids[at] === uid) found[count++] = at++
    else missing.push(uid)
  }
  return { found: found.subarray(0, count), missing: Uint32Array.from(missing) }
}

/** Pages in ascending order; a UID that is neither there nor kept is left out. `uids` ascends. */
export async function* readEntries(
  services: Services,
  account: AccountId,
  mailbox: MailboxId,
  uids: Uint32Array,
  options: { readonly cold: boolean },
): AsyncGenerator<Entries, void, undefined> {
  for (const run of runsOf(uids)) {
    const query = { from: run[0] as number, to: run[run.length - 1] as number, cold: options.cold }
    let next = 0
    for await (const page of services.store.entries(account, mailbox, query)) {
      let end = next
      while (end < run.length && (run[end] as number) <= page.covered) end++
      const { found, missing } = match(page.entries, run.subarray(next, end))
      next = end
      const picked = found.length === page.entries.length ? page.entries : pickEntries(page.entries, found)
      const kept: Entries[] = []
      for await (const some of expungedOnes(services, account, mailbox, missing, options)) kept.push(some)
      const all = kept.length === 0 ? picked : mergeEntries(picked, joinEntries(kept, options.cold))
      if (all.length > 0) yield all
    }
    yield* expungedOnes(services, account, mailbox, run.subarray(next), options)
  }
}

/** Others have their turn between reads: a mailbox may have been emptied of a million messages. */
async function* expungedOnes(
  services: Services,
  account: AccountId,
  mailbox: MailboxId,
  uids: Uint32Array,
  { cold }: { readonly cold: boolean },
): AsyncGenerator<Entries, void, undefined> {
  const turn = new Turn()
  for (let at = 0; at < uids.length; at += EXPUNGED_AT_ONCE) {
    if (turn.over) await turn.pass()
    const some = uids.subarray(at, at + EXPUNGED_AT_ONCE)
    const kept = await services.store.expungedEntries(account, mailbox, some)
    const { length, uids: known, modseqs, flags } = kept
    if (length > 0) yield cold ? kept : { length, uids: known, modseqs, flags }
  }
}

/** Names by bit; an unknown bit in an entry means that the table has grown: read it again. */
export const flagTable = (services: Services, account: AccountId): Promise<FlagTable> =>
  services.store.flagTable(account)

/** Prepared ENVELOPE or BODYSTRUCTURE in the order of `contents`, in pages; undefined where the content is gone. */
export const prepared = (
  services: Services,
  account: AccountId,
  contents: Uint32Array,
  what: 'envelope' | 'structure',
): AsyncIterable<readonly (Uint8Array | undefined)[]> => services.store.prepared(account, contents, what)
