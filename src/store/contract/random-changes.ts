// Changes at random in an account's two mailboxes, for the suites that hold counters and readers against them.

import type { AccountId, MailboxId } from '../../model/ids.js'
import type { Store } from '../store.js'
import { drain, mailboxNamed, NO_LIMIT, newAccount, samples, uidsFrom } from './samples.js'

export type Random = (below: number) => number

export interface Place {
  readonly store: Store
  readonly id: AccountId
  readonly boxes: readonly [MailboxId, MailboxId]
}

export async function place(store: Store): Promise<Place> {
  const { id } = await newAccount(store)
  return {
    store,
    id,
    boxes: [(await mailboxNamed(store, id, 'INBOX')).id, (await mailboxNamed(store, id, 'Other')).id],
  }
}

/** To the collector everything is old. */
const EVERYTHING = { tombstoneAge: -86_400_000, contentAge: -86_400_000 }

let collecting = false

/** One round at a time, as src/mail/collect.ts has them. */
async function collect(store: Store): Promise<void> {
  if (collecting) return
  collecting = true
  await store.collect(EVERYTHING).finally(() => {
    collecting = false
  })
}

/** One change at random, somewhere among the first `span` UIDs; now and then the collector drops what was expunged. */
export async function mutate({ store, id, boxes }: Place, random: Random, span: number): Promise<void> {
  const from = boxes[random(2)] ?? boxes[0]
  const to = boxes[random(2)] ?? boxes[1]
  const uids = uidsFrom(...new Set(Array.from({ length: 1 + random(5) }, () => 1 + random(span))))
  const flag = ['\\Seen', '\\Deleted', '\\Flagged', '$Work'][random(4)] ?? '\\Seen'
  const mode = random(2) === 0 ? 'add' : 'remove'
  const kind = random(40)
  if (kind < 16) await store.append(id, from, samples(1 + random(2), { flags: [flag] }), NO_LIMIT)
  else if (kind < 24) await drain(store.changeFlags(id, from, uids, { mode, flags: [flag] }))
  else if (kind < 28) await store.copy(id, from, uids, to, NO_LIMIT)
  else if (kind < 32) await drain(store.move(id, from, uids, to))
  else if (kind < 39) await drain(store.expunge(id, from))
  else await collect(store)
}
