// What is kept of an account only so that it can be restored, held against a limit. src/store/retained.ts.

import type { Connection } from '../../kit/sqlite/connection.js'
import { ContentSet, refuse } from '../content-set.js'
import { type Gone, keepFromWithin, newestOfBoth } from '../retained.js'
import { betweenPages } from './access.js'
import type { Marking } from './marking.js'

const PAGE = 128

interface TombstoneRow {
  readonly id: number
  readonly at: number
  readonly cold: Uint8Array
}

export class Retained {
  readonly #marking: Marking
  readonly #tombstones
  readonly #mailboxes

  constructor(db: Connection, marking: Marking) {
    this.#marking = marking
    this.#tombstones = db.prepare<number[], TombstoneRow>(
      `SELECT id, expunged_at AS at, cold FROM tombstone INDEXED BY tombstone_by_time
       WHERE account = ? AND expunged_at >= ? AND (expunged_at, id) < (?, ?) ORDER BY expunged_at DESC, id DESC LIMIT ${PAGE}`,
    )
    this.#mailboxes = db.prepare<number[], Gone>(
      `SELECT deleted_at AS at, octets FROM mailbox WHERE account = ? AND deleted_at >= ? ORDER BY deleted_at DESC`,
    )
  }

  /** `from`, or the later time (milliseconds since 1970) from which on at most `limit` octets are kept. Throws `corrupt`. */
  async keepFrom(account: number, from: number, limit: number): Promise<number> {
    const gone = () => newestOfBoth(this.#expunged(account, from), this.#mailboxes.all(account, from))
    // Cheaply first, as if nothing were named elsewhere: for nearly all accounts that is the end of it.
    const atMost = await keepFromWithin(gone(), from, limit, new ContentSet())
    if (atMost === from) return from
    return keepFromWithin(gone(), from, limit, await this.#marking.named(account, refuse))
  }

  async *#expunged(account: number, from: number): AsyncGenerator<Gone, void, undefined> {
    for (let last = { at: Number.MAX_SAFE_INTEGER, id: 0 }; ; ) {
      const rows = this.#tombstones.all(account, from, last.at, last.id)
      for (const { at, cold } of rows) yield { at, cold, octets: 0 }
      const end = rows.at(-1)
      if (end === undefined) return
      last = end
      await betweenPages()
    }
  }
}
