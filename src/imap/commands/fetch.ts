// FETCH (RFC 3501 §6.4.5).

import { expectItems, type Item } from '../fetch/items.js'
import { fetchAll } from '../fetch/run.js'
import { no, ok, type Reply } from '../reply.js'
import type { Session } from '../session.js'
import { SELECTED } from '../states.js'
import type { Verb } from '../verb.js'
import type { SequenceSet } from '../wire/sequence-set.js'

async function fetchSet(
  session: Session,
  set: SequenceSet,
  items: readonly Item[],
  byUid: boolean,
): Promise<Reply> {
  const uids = session.selected.uidsOf(set, byUid)
  const sent = await fetchAll(session, uids, items, byUid)
  // RFC 2180 §4.1.2: expunged elsewhere, and not kept any more. UIDs that are gone are ignored (RFC 3501 §6.4.8).
  if (sent < uids.length && !byUid) throw no('Some of the messages no longer exist', 'EXPUNGEISSUED')
  return ok('Done')
}

// fetch = "FETCH" SP sequence-set SP ("ALL" / "FULL" / "FAST" / fetch-att / "(" fetch-att *(SP fetch-att) ")")
export const fetch: Verb = {
  name: 'FETCH',
  states: SELECTED,
  uid: true,
  expunges: 'held',
  parse(reader, byUid) {
    reader.expectSpace()
    const set = reader.expectSequenceSet()
    reader.expectSpace()
    const items = expectItems(reader)
    return (session) => fetchSet(session, set, items, byUid)
  },
}
