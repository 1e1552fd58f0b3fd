// What is kept of an account only so that it can be restored, held against a limit. src/store/retained.ts.

import { ContentSet, refuse } from '../content-set.js'
import { type Gone, keepFromWithin, newestOfBoth } from '../retained.js'
import { betweenPages } from './access.js'
import type { MongoDatabase } from './database.js'
import type { Marking } from './marking.js'
import type { TombstoneDocument } from './schema.js'

/** Tombstones of one command. */
const PAGE = 256

/** `from`, or the later time (milliseconds since 1970) from which on at most `limit` octets are kept. Throws `corrupt`. */
export async function keepFromOf(
  database: MongoDatabase,
  marking: Marking,
  { account, deleted }: { readonly account: number; readonly deleted: readonly Gone[] },
  from: number,
  limit: number,
): Promise<number> {
  const mailboxes = deleted.filter(({ at }) => at >= from).toSorted((a, b) => b.at - a.at)
  const gone = () => newestOfBoth(expunged(database, account, from), mailboxes)
  // Cheaply first, as if nothing were named elsewhere: for nearly all accounts that is the end of it.
  const atMost = await keepFromWithin(gone(), from, limit, new ContentSet())
  if (atMost === from) return from
  return keepFromWithin(gone(), from, limit, await marking.named(account, refuse))
}

async function* expunged(
  database: MongoDatabase,
  account: number,
  from: number,
): AsyncGenerator<Gone, void, undefined> {
  // `skip`: those of the last millisecond that have been told.
  for (let to = Number.MAX_SAFE_INTEGER, skip = 0; ; ) {
    const page = await database.read('reading tombstones', (session) =>
      database
        .collection('tombstone')
        .find<Pick<TombstoneDocument, 'expunged_at' | 'cold'>>(
          { account, expunged_at: { $gte: from, $lte: to } },
          { session, projection: { expunged_at: 1, cold: 1 }, hint: 'by_time', singleBatch: true },
        )
        .sort({ expunged_at: -1 })
        .skip(skip)
        .limit(PAGE)
        .batchSize(PAGE)
        .toArray(),
    )
    for (const { expunged_at, cold } of page) yield { at: expunged_at, cold, octets: 0 }
    const last = page.at(-1)
    if (last === undefined || page.length < PAGE) return
    const same = page.filter(({ expunged_at }) => expunged_at === last.expunged_at).length
    skip = last.expunged_at === to ? skip + same : same
    to = last.expunged_at
    await betweenPages()
  }
}
