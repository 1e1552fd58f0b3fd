// Reading a mailbox without a snapshot (docs/architecture.md, idea 2): existence is bounded by UID, never by modseq;
// tombstones are read last; what changes meanwhile is told again the next time.

import { setTimeout as sleep } from 'node:timers/promises'
import type { AccountId, MailboxId, ModSeq } from '../model/ids.js'
import type { Entries } from '../store/entries.js'
import { StoreError } from '../store/errors.js'
import type { Mailbox } from '../store/mailboxes.js'
import { joinEntries, noEntries } from './entry-columns.js'
import type { Services } from './services.js'

export interface Changes {
  readonly mailbox: Mailbox
  /** Read again since this modseq. */
  readonly token: ModSeq
  readonly uidNext: number
  /** `since` lay below what the store remembers: `entries` is the whole list, what is not in it is gone. */
  readonly startOver: boolean
  /** Hot columns of the entries with modseq > since and uid < uidNext, ascending. */
  readonly entries: Entries
  /** UIDs expunged since, ascending; UIDs that the reader never knew among them. */
  readonly expunged: Uint32Array
}

const NONE = new Uint32Array(0)

async function selectable(services: Services, account: AccountId, id: MailboxId): Promise<Mailbox> {
  const mailbox = await services.store.mailbox(account, id)
  if (mailbox === undefined || !mailbox.selectable) {
    throw new StoreError('no-such-mailbox', `mailbox ${id} of account ${account} is not there`)
  }
  return mailbox
}

async function entriesSince(services: Services, mailbox: Mailbox, since: ModSeq): Promise<Entries> {
  const pages: Entries[] = []
  const query = { since, to: mailbox.uidNext - 1 }
  for await (const page of services.store.entries(mailbox.account, mailbox.id, query)) {
    if (page.entries.length > 0) pages.push(page.entries)
  }
  return joinEntries(pages, false)
}

/** Milliseconds between two looks at a mailbox that is known to have gone further. */
const AGAIN_MS = [5, 10, 20, 40]

/**
 * As `selectable`, and not from before `atLeast`: a member of a cluster that does not know yet that it is the primary no
 * longer may answer with what was. Where it goes on so, the last answer is given.
 */
async function selectableAt(
  services: Services,
  account: AccountId,
  id: MailboxId,
  atLeast: number,
): Promise<Mailbox> {
  for (const ms of AGAIN_MS) {
    const mailbox = await selectable(services, account, id)
    if (mailbox.highestModseq >= atLeast) return mailbox
    await sleep(ms)
  }
  return selectable(services, account, id)
}

/** What the caller knows already. */
export interface Known {
  /** The mailbox as the caller has just read it, which spares reading it again. */
  readonly row?: Mailbox | undefined
  /** A hint spoke of this modseq: what is older is not the present. */
  readonly hinted?: number
}

/** What changed after `since`; 0 reads the whole mailbox. Never goes back behind it. Throws StoreError `no-such-mailbox`. */
export async function readChanges(
  services: Services,
  account: AccountId,
  id: MailboxId,
  since: ModSeq,
  { row, hinted = 0 }: Known = {},
): Promise<Changes> {
  const atLeast = Math.max(since, hinted)
  for (let floor = since, known = row; ; floor = 0 as ModSeq, known = undefined) {
    const mailbox = known?.selectable === true ? known : await selectableAt(services, account, id, atLeast)
    const { highestModseq: token, uidNext } = mailbox
    const told = { mailbox, token, uidNext }
    if (token < since)
      return { ...told, token: since, startOver: false, entries: noEntries(false), expunged: NONE }
    if (floor === token && floor !== 0) {
      return { ...told, startOver: floor !== since, entries: noEntries(false), expunged: NONE }
    }
    if (floor !== 0 && mailbox.purgedModseq > floor) continue
    const entries = await entriesSince(services, mailbox, floor)
    if (floor === 0) return { ...told, startOver: since !== 0, entries, expunged: NONE }
    const expunged = await services.store.expungedSince(account, id, floor, token)
    const after = await selectable(services, account, id)
    if (after.purgedModseq <= floor) return { ...told, startOver: false, entries, expunged }
  }
}
