// SELECT and EXAMINE (RFC 3501 §6.3.1, §6.3.2).

import { claimRecent, openMailbox } from '../../mail/mailboxes.js'
import { openIndex } from '../../mail/open-index.js'
import type { Mailbox } from '../../mail/types.js'
import { FLAG_WORDS, SEEN } from '../../model/flags.js'
import { isPassing } from '../../store/errors.js'
import { pathOf } from '../mailbox-names.js'
import { no, ok, type Reply } from '../reply.js'
import type { Session } from '../session.js'
import { LOGGED_IN } from '../states.js'
import { tellKeywords } from '../tell-changes.js'
import type { Verb } from '../verb.js'
import { View } from '../view.js'
import type { Reader } from '../wire/reader.js'

/** The sequence number of the first message that is not \Seen; 0 where all are. */
function firstUnseen(flags: Uint32Array): number {
  for (let at = 0; at < flags.length; at += FLAG_WORDS) {
    if (((flags[at] ?? 0) & SEEN) === 0) return at / FLAG_WORDS + 1
  }
  return 0
}

/** From where UIDs are \Recent for this session. EXAMINE looks, and leaves them to the next SELECT. */
async function recentFrom(session: Session, mailbox: Mailbox, uidNext: number, readOnly: boolean) {
  if (readOnly) return mailbox.recentUid
  try {
    return await claimRecent(session.services, mailbox, uidNext)
  } catch (error) {
    // A full disk must not keep anyone from reading mail.
    if (isPassing(error)) return uidNext
    throw error
  }
}

async function open(session: Session, name: string, readOnly: boolean): Promise<Reply> {
  const { writer } = session.output
  // The mailbox selected before is left even where this one cannot be opened.
  if (session.view !== undefined) writer.line('* OK [CLOSED] The mailbox before is closed')
  session.view = undefined
  const { services, account } = session
  const heard = session.hintsHeard
  const found = await openMailbox(services, account, pathOf(name))
  if (found?.mailbox.selectable !== true) throw no('No such mailbox', 'NONEXISTENT')
  const { mailbox, token, uidNext, entries } = await openIndex(
    services,
    account,
    found.mailbox.id,
    found.mailbox,
  )
  const recent = await recentFrom(session, mailbox, uidNext, readOnly)
  const view = new View({ mailbox, readOnly, token, uids: entries.uids, recentFrom: recent, uidNext })
  tellKeywords(session, view, found.flags)
  session.view = view
  // Hints that came before the view was there to hear them.
  if (session.hintsHeard !== heard) view.markStale()
  writer.line(`* ${view.exists} EXISTS`).line(`* ${view.recent} RECENT`)
  const unseen = firstUnseen(entries.flags)
  if (unseen > 0) writer.line(`* OK [UNSEEN ${unseen}] The first that is not seen`)
  writer.line(`* OK [UIDVALIDITY ${mailbox.uidValidity}] UIDs are valid`)
  writer.line(`* OK [UIDNEXT ${uidNext}] The next UID`)
  return ok(readOnly ? 'Examined' : 'Selected', readOnly ? 'READ-ONLY' : 'READ-WRITE')
}

const opening = (name: string, readOnly: boolean): Verb => ({
  name,
  states: LOGGED_IN,
  expunges: 'told',
  parse(reader: Reader) {
    reader.expectSpace()
    const mailbox = reader.expectMailbox()
    return (session) => open(session, mailbox, readOnly)
  },
})

// select = "SELECT" SP mailbox
export const select = opening('SELECT', false)

// examine = "EXAMINE" SP mailbox
export const examine = opening('EXAMINE', true)
