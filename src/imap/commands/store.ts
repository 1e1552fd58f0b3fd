// STORE (RFC 3501 §6.4.6). Of messages expunged elsewhere: RFC 2180 §4.2.

import { changeFlags } from '../../mail/change-flags.js'
import type { FlagChange } from '../../model/flags.js'
import { no, ok, type Reply } from '../reply.js'
import type { Session } from '../session.js'
import { SELECTED } from '../states.js'
import { readKeywords, tellFlags } from '../tell-changes.js'
import type { Verb } from '../verb.js'
import type { Reader } from '../wire/reader.js'
import type { SequenceSet } from '../wire/sequence-set.js'

interface StoreArguments {
  readonly set: SequenceSet
  readonly byUid: boolean
  readonly change: FlagChange
  readonly silent: boolean
}

const MODES = { '+': 'add', '-': 'remove', '': 'replace' } as const

// store-att-flags = (["+" / "-"] "FLAGS" [".SILENT"]) SP (flag-list / (flag *(SP flag)))
function expectArguments(reader: Reader, byUid: boolean): StoreArguments {
  reader.expectSpace()
  const set = reader.expectSequenceSet()
  reader.expectSpace()
  const sign = reader.take('+') ? '+' : reader.take('-') ? '-' : ''
  const word = reader.expectWord('FLAGS')
  if (word !== 'FLAGS' && word !== 'FLAGS.SILENT') reader.fail('FLAGS or FLAGS.SILENT expected')
  reader.expectSpace()
  const change = { mode: MODES[sign], flags: reader.expectFlags() }
  return { set, byUid, change, silent: word === 'FLAGS.SILENT' }
}

/** RFC 2180 §4.2.1 - §4.2.3: what is left was changed; only SILENT and UID take no notice of what is gone. */
function answer(asked: number, missing: number, { silent, byUid }: StoreArguments): Reply {
  if (missing === 0 || silent || byUid) return ok('Stored')
  // In words that clients have learnt to take for what it is (ImapTest among them).
  const which = missing === asked ? 'The messages' : 'Some of the messages'
  throw no(`${which} have been deleted elsewhere`, 'EXPUNGEISSUED')
}

async function storeAll(session: Session, given: StoreArguments): Promise<Reply> {
  const view = session.writable
  const uids = view.uidsOf(given.set, given.byUid)
  let missing = 0
  for await (const slice of changeFlags(
    session.services,
    session.account,
    view.mailbox,
    uids,
    given.change,
  )) {
    missing += slice.missing.length
    // Noted once it is told: where that fails, it is told with what others change.
    if (!given.silent) await tellFlags(session, view, slice.entries)
    view.noteOwn(slice, !given.silent)
  }
  // A keyword may be new: FLAGS tells of it, however silent the command (RFC 3501 §7.2.6).
  if (given.silent && given.change.flags.some((flag) => !flag.startsWith('\\')))
    await readKeywords(session, view)
  // Silence is about what the client did itself: where others may have changed the same messages, it is told.
  if (given.silent && view.othersChanged()) view.forgetTold()
  return answer(uids.length, missing, given)
}

export const store: Verb = {
  name: 'STORE',
  states: SELECTED,
  uid: true,
  expunges: 'held',
  parse(reader, byUid) {
    const given = expectArguments(reader, byUid)
    return (session) => storeAll(session, given)
  },
}
