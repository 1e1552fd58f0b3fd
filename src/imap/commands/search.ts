// SEARCH (RFC 3501 §6.4.4).

import { search as searchMailbox } from '../../mail/search.js'
import { ok, type Reply } from '../reply.js'
import { type Decode, decoderOf } from '../search/charset.js'
import { expectKeys, type Key } from '../search/keys.js'
import type { Session } from '../session.js'
import { SELECTED } from '../states.js'
import type { Verb } from '../verb.js'
import type { Reader } from '../wire/reader.js'

async function searchAll(session: Session, key: Key, byUid: boolean): Promise<Reply> {
  const view = session.selected
  const scope = {
    account: session.account,
    mailbox: view.mailbox,
    // A copy: messages may be told of while the search is under way.
    view: view.uids.slice(),
    isRecent: (uid: number) => view.isRecent(uid),
  }
  const found = await session.whileThere((signal) =>
    searchMailbox(session.services, scope, key(view), signal),
  )
  const { writer } = session.output
  writer.text('* SEARCH')
  for (const uid of found) {
    const number = byUid ? uid : view.seqOf(uid)
    if (number > 0) writer.octet(0x20).number(number)
  }
  writer.line('')
  return ok('Done')
}

// search = "SEARCH" [SP "CHARSET" SP astring] 1*(SP search-key)
function expectCharset(reader: Reader): Decode {
  if (!reader.takeWord('CHARSET')) return decoderOf('US-ASCII')
  reader.expectSpace()
  const decode = decoderOf(reader.expectAstring('charset'))
  reader.expectSpace()
  return decode
}

export const search: Verb = {
  name: 'SEARCH',
  states: SELECTED,
  uid: true,
  expunges: 'held',
  parse(reader, byUid) {
    reader.expectSpace()
    const decode = expectCharset(reader)
    const key = expectKeys(reader, decode)
    return (session) => searchAll(session, key, byUid)
  },
}
