// How much content of an account is kept only so that it can be restored, and since when it may be, so that it stays below
// a limit: the oldest goes first. docs/architecture.md, "What is kept for what is gone". The engines read what is gone.

import type { ContentSet } from './content-set.js'
import { decodeContents } from './index-codec.js'

/**
 * Milliseconds in which everything has been committed that bears an earlier time: the longest transaction, and what the
 * clocks of the instances differ.
 */
export const SETTLED_MS = 60_000

/** What was expunged in one slice, or one deleted mailbox. */
export interface Gone {
  /** Milliseconds since 1970. */
  readonly at: number
  /** Packed cold values of what was expunged. */
  readonly cold?: Uint8Array
  readonly octets: number
}

/**
 * `from`, or the later time (milliseconds since 1970) from which on at most `limit` octets are kept, of what is gone since
 * `from`. What is in `counted` does not count, and what has been counted does not count again. What was gone in the same
 * millisecond goes together.
 */
export async function keepFromWithin(
  newestFirst: AsyncIterable<Gone>,
  from: number,
  limit: number,
  counted: ContentSet,
): Promise<number> {
  let kept = 0
  for await (const { at, cold, octets } of newestFirst) {
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

/** Two rows of what is gone, each with the newest first, as one. */
export async function* newestOfBoth(
  expunged: AsyncIterable<Gone>,
  mailboxes: readonly Gone[],
): AsyncGenerator<Gone, void, undefined> {
  let next = 0
  for await (const one of expunged) {
    for (; (mailboxes[next]?.at ?? -1) >= one.at; next++) yield mailboxes[next] as Gone
    yield one
  }
  yield* mailboxes.slice(next)
}
