// Telling a session what has changed in its mailbox since it was last told: EXPUNGE, EXISTS, RECENT, FETCH FLAGS, and
// FLAGS where keywords have grown. RFC 3501 §5.2, §7.3, §7.4; docs/architecture.md, idea 2.

import { Turn } from '../kit/turn.js'
import { type Changes, readChanges } from '../mail/changes.js'
import { flagTable } from '../mail/entries.js'
import { claimRecent } from '../mail/mailboxes.js'
import type { Entries, Mailbox } from '../mail/types.js'
import { FLAG_BITS, FLAG_WORDS, type FlagTable } from '../model/flags.js'
import { isPassing, isStoreError } from '../store/errors.js'
import { flagList, namesOf } from './flag-lists.js'
import { ConnectionEnded } from './reply.js'
import type { Session } from './session.js'
import type { View } from './view.js'

/** FLAGS and PERMANENTFLAGS, where the table has keywords that the client has not been told of. */
export function tellKeywords(session: Session, view: View, table: FlagTable): void {
  const names = namesOf(table)
  if (names.length === view.flagsTold) return
  view.flagsTold = names.length
  const { writer } = session.output
  writer.line(`* FLAGS (${names.join(' ')})`)
  writer.line(`* OK [PERMANENTFLAGS (${permanentFlags(view, table, names).join(' ')})] Flags that are kept`)
}

/**
 * `\*` among them: keywords may be created by storing them (RFC 3501 §7.1), as long as the account may have more. Nothing can be
 * stored in a read-only mailbox.
 */
function permanentFlags(view: View, table: FlagTable, names: readonly string[]): readonly string[] {
  if (view.readOnly) return []
  return table.length < FLAG_BITS ? [...names, '\\*'] : names
}

/** The account's table of flags as of now; what is new in it is told. */
export async function readKeywords(session: Session, view: View): Promise<FlagTable> {
  const table = await flagTable(session.services, session.account)
  tellKeywords(session, view, table)
  return table
}

/** `* n FETCH (UID u FLAGS (…))` for those of the entries that are in the picture and not told of already. */
export async function tellFlags(
  session: Session,
  view: View,
  entries: Entries,
  isTold: (uid: number, modseq: number) => boolean = () => false,
): Promise<void> {
  if (entries.length === 0) return
  const table = await readKeywords(session, view)
  const { writer } = session.output
  const turn = new Turn()
  for (let at = 0; at < entries.length; at++) {
    const uid = entries.uids[at] ?? 0
    const seq = view.seqOf(uid)
    if (seq === 0 || view.isGone(uid) || isTold(uid, entries.modseqs[at] ?? 0)) continue
    writer.text('* ').number(seq).text(' FETCH (UID ').number(uid).text(' FLAGS ')
    writer.octets(flagList(table, entries.flags, at * FLAG_WORDS, view.isRecent(uid))).text(')\r\n')
    if (writer.full) await session.output.flush()
    if ((at & 63) === 63 && turn.over) await turn.pass()
  }
}

/** EXPUNGE of all that is gone, from the end: no number changes the meaning of the next. */
export async function tellExpunged(session: Session, view: View): Promise<void> {
  if (!view.hasGone) return
  const { writer } = session.output
  const before = view.recent
  for (const seq of view.removeGone()) {
    writer.text('* ').number(seq).text(' EXPUNGE\r\n')
    if (writer.full) await session.output.flush()
  }
  if (view.recent !== before) writer.line(`* ${view.recent} RECENT`)
}

/** At once, for somebody may be waiting for it; how many are \Recent follows, when the store has it written down. */
async function tellNew(session: Session, view: View, fresh: Uint32Array, changes: Changes): Promise<void> {
  const { output } = session
  view.append(fresh)
  output.writer.line(`* ${view.exists} EXISTS`)
  await output.flush()
  await claim(session, view, fresh[0] ?? 0, changes.uidNext, changes.mailbox)
  output.writer.line(`* ${view.recent} RECENT`)
}

/** Splits what changed into messages that are known and those that are new. */
function newUids(view: View, entries: Entries): Uint32Array {
  const last = view.lastUid
  return entries.uids.filter((uid) => uid > last)
}

/** Where the store no longer knows what was expunged: whatever it does not list, ascending as the view, is gone. */
function goneUids(view: View, listed: Uint32Array): Uint32Array {
  let next = 0
  return view.uids.filter((uid) => {
    while ((listed[next] ?? uid) < uid) next++
    return listed[next] !== uid
  })
}

/** Which of the new messages are \Recent here. Where that cannot be written down, none: the next session will be told. */
async function claim(session: Session, view: View, firstNew: number, uidNext: number, mailbox: Mailbox) {
  if (view.readOnly) return view.addRecent(Math.max(firstNew, mailbox.recentUid), uidNext)
  try {
    view.addRecent(await claimRecent(session.services, mailbox, uidNext), uidNext)
  } catch (error) {
    if (!isPassing(error)) throw error
  }
}

async function readAndTell(session: Session, view: View, mayExpunge: boolean): Promise<void> {
  const hinted = view.beginReading()
  const since = view.token
  const changes = await readChanges(session.services, session.account, view.mailbox, since, { hinted })
  view.markGone(changes.startOver ? goneUids(view, changes.entries.uids) : changes.expunged)
  const fresh = newUids(view, changes.entries)
  const known = view.lastUid
  // Expunged before new: the numbers that are told stand for the picture at that moment.
  if (mayExpunge) await tellExpunged(session, view)
  if (fresh.length > 0) await tellNew(session, view, fresh, changes)
  await tellFlags(session, view, changes.entries, (uid, modseq) => {
    return uid > known || modseq <= since || view.wasTold(uid, modseq)
  })
  view.readUpTo(changes.token)
}

/**
 * Tells what there is to tell. `expunges`: whether EXPUNGE may be told now; if not, what is gone stays in the picture.
 * `reread`: looks also where no hint has come. Sends the session away where its mailbox is gone (RFC 2180 §3.3).
 */
export async function tellChanges(
  session: Session,
  options: { readonly expunges: boolean; readonly reread: boolean },
): Promise<void> {
  const { view } = session
  if (view === undefined) return
  try {
    if (view.stale || options.reread) await readAndTell(session, view, options.expunges)
    else if (options.expunges) await tellExpunged(session, view)
  } catch (error) {
    // What could not be read is read the next time.
    view.markStale()
    if (!isStoreError(error, 'no-such-mailbox')) throw error
    session.input.interrupt('The mailbox was deleted')
    throw new ConnectionEnded()
  }
}

/** The same where the client is owed no answer about it: what a store that is away does not say now is told later. */
export async function tellIfPossible(session: Session, expunges: boolean): Promise<void> {
  try {
    await tellChanges(session, { expunges, reread: false })
  } catch (error) {
    if (!isPassing(error)) throw error
    session.connection.log.debug({ err: error }, 'changes-not-told')
  }
}
