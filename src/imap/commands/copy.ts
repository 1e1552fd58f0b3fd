// COPY (RFC 3501 §6.4.7) and MOVE (RFC 6851), with COPYUID (RFC 4315 §3).

import { copyMessages, moveMessages } from '../../mail/copy.js'
import { findMailbox } from '../../mail/mailboxes.js'
import type { Copied } from '../../mail/types.js'
import type { MailboxId } from '../../model/ids.js'
import { formatNumbers } from '../../model/number-set.js'
import { isStoreError } from '../../store/errors.js'
import { pathOf } from '../mailbox-names.js'
import { no, ok, type Reply } from '../reply.js'
import type { Session } from '../session.js'
import { SELECTED } from '../states.js'
import { tellChanges, tellExpunged } from '../tell-changes.js'
import type { Verb } from '../verb.js'
import type { Reader } from '../wire/reader.js'
import type { SequenceSet } from '../wire/sequence-set.js'

interface CopyArguments {
  readonly set: SequenceSet
  readonly byUid: boolean
  readonly mailbox: string
}

// copy = "COPY" SP sequence-set SP mailbox
function expectArguments(reader: Reader, byUid: boolean): CopyArguments {
  reader.expectSpace()
  const set = reader.expectSequenceSet()
  reader.expectSpace()
  return { set, byUid, mailbox: reader.expectMailbox() }
}

/** RFC 3501 §6.4.7: the client may create a mailbox that is not there, and try again. */
async function destination(session: Session, name: string): Promise<MailboxId> {
  const mailbox = await findMailbox(session.services, session.account, pathOf(name))
  if (mailbox === undefined || !mailbox.selectable) throw no('No such mailbox', 'TRYCREATE')
  return mailbox.id
}

const copyUid = ({ uidValidity, from, to }: Copied): string =>
  `COPYUID ${uidValidity} ${formatNumbers(from)} ${formatNumbers(to)}`

/** Others have expunged them all meanwhile: no error for UIDs (RFC 3501 §6.4.8), one for sequence numbers (RFC 2180 §4.4). */
function nothingLeft(byUid: boolean): Reply {
  if (byUid) return ok('Nothing to copy')
  throw no('The messages no longer exist', 'EXPUNGEISSUED')
}

async function copyAll(session: Session, { set, byUid, mailbox }: CopyArguments): Promise<Reply> {
  const view = session.selected
  const uids = view.uidsOf(set, byUid)
  const to = await destination(session, mailbox)
  if (uids.length === 0) return ok('Nothing to copy')
  try {
    const copied = await copyMessages(session.services, session.account, view.mailbox, uids, to)
    if (copied.to.length === 0) return nothingLeft(byUid)
    return ok('Copied', copyUid(copied))
  } catch (error) {
    if (isStoreError(error, 'no-such-mailbox')) throw no('No such mailbox', 'TRYCREATE')
    throw error
  }
}

export const copy: Verb = {
  name: 'COPY',
  states: SELECTED,
  uid: true,
  expunges: 'told',
  parse(reader, byUid) {
    const given = expectArguments(reader, byUid)
    return (session) => copyAll(session, given)
  },
}

async function moveAll(session: Session, { set, byUid, mailbox }: CopyArguments): Promise<Reply> {
  const view = session.writable
  // Numbers mean what the client was told before; of UIDs those that it is only told of now are meant too.
  const numbered = byUid ? undefined : view.uidsOf(set, false)
  const to = await destination(session, mailbox)
  await tellChanges(session, { expunges: true, reread: true })
  const uids = numbered ?? view.uidsOf(set, true)
  let moved = 0
  for await (const slice of moveMessages(session.services, session.account, view.mailbox, uids, to)) {
    if (slice.to.length === 0) continue
    moved += slice.to.length
    // RFC 6851 §4.3: COPYUID comes before the EXPUNGEs, a slice at a time.
    session.output.writer.line(`* OK [${copyUid(slice)}] Moved`)
    view.markGone(slice.from)
    await tellExpunged(session, view)
  }
  return moved === 0 && uids.length > 0 ? nothingLeft(byUid) : ok('Done')
}

// move = "MOVE" SP sequence-set SP mailbox
export const move: Verb = {
  name: 'MOVE',
  states: SELECTED,
  uid: true,
  expunges: 'told',
  capabilities: () => ['MOVE'],
  parse(reader, byUid) {
    const given = expectArguments(reader, byUid)
    return (session) => moveAll(session, given)
  },
}
