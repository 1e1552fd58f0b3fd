// How much content of an account is kept only so that it can be restored, and since when it may be, so that it stays below
// a limit: the oldest goes first. docs/architecture.md, "Store": tombstones.

import type { Connection } from '../../kit/sqlite/connection.js'
import { decodeContents } from '../index-codec.js'
import { betweenPages } from './access.js'
import { ContentSet, type Marking } from './marking.js'

const PAGE = 128

/** What was expunged in one slice, or one deleted mailbox. */
interface Gone {
  readonly at: number
  /** Packed cold values of what was expunged. */
  readonly cold?: Uint8Array
  readonly octets: number
}

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

  /**
   * `from`, or the later time (milliseconds since 1970) from which on at most `limit` octets are kept. What was gone in the
   * same millisecond goes together.
   */
  async keepFrom(account: number, from: number, limit: number): Promise<number> {
    // Cheaply first, as if nothing were named elsewhere: for nearly all accounts that is the end of it.
    const atMost = await this.#cut(account, from, limit, new ContentSet())
    if (atMost === from) return from
    const named = new ContentSet()
    for await (const { entries } of this.#marking.cold(account))
      decodeContents(entries, (content) => named.add(content))
    return this.#cut(account, from, limit, named)
  }

  async #cut(account: number, from: number, limit: number, counted: ContentSet): Promise<number> {
    let kept = 0
    for await (const { at, cold, octets } of this.#newestFirst(account, from)) {
      kept += octets
      if (cold !== undefined)
        decodeContents(cold, (content, size) => {
          if (!counted.has(content)) kept += size
          counted.add(content)
        })
      if (kept > limit) return at + 1
    }
    return from
  }

  async *#newestFirst(account: number, from: number): AsyncGenerator<Gone, void, undefined> {
    const mailboxes = this.#mailboxes.all(account, from)
    let next = 0
    for (let last = { at: Number.MAX_SAFE_INTEGER, id: 0 }; ; ) {
      const rows = this.#tombstones.all(account, from, last.at, last.id)
      for (const { at, cold } of rows) {
        while ((mailboxes[next]?.at ?? -1) >= at) yield mailboxes[next++] as Gone
        yield { at, cold, octets: 0 }
      }
      const end = rows.at(-1)
      if (end === undefined) break
      last = end
      await betweenPages()
    }
    yield* mailboxes.slice(next)
  }
}
