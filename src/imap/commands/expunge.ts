// EXPUNGE (RFC 3501 §6.4.3) and UID EXPUNGE (RFC 4315 §2.1).

import { expungeMessages } from '../../mail/expunge.js'
import { ok, type Reply } from '../reply.js'
import type { Session } from '../session.js'
import { SELECTED } from '../states.js'
import { tellChanges, tellExpunged } from '../tell-changes.js'
import type { Verb } from '../verb.js'
import type { SequenceSet } from '../wire/sequence-set.js'

async function expungeAll(session: Session, set: SequenceSet | undefined): Promise<Reply> {
  const view = session.writable
  await tellChanges(session, { expunges: true, reread: true })
  // Those that were only told of now are meant too.
  const uids = set && view.uidsOf(set, true)
  for await (const slice of expungeMessages(session.services, session.account, view.mailbox, uids)) {
    view.markGone(slice.uids)
    await tellExpunged(session, view)
  }
  return ok('Expunged')
}

// command-select = "EXPUNGE"; uid-expunge = "UID" SP "EXPUNGE" SP sequence-set
export const expunge: Verb = {
  name: 'EXPUNGE',
  states: SELECTED,
  uid: true,
  expunges: 'told',
  capabilities: () => ['UIDPLUS'],
  parse(reader, byUid) {
    if (!byUid) return (session) => expungeAll(session, undefined)
    reader.expectSpace()
    const set = reader.expectSequenceSet()
    return (session) => expungeAll(session, set)
  },
}
