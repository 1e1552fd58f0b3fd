// MessageStore on MongoDB.

import { DELETED, FLAG_WORDS } from '../../model/flags.js'
import type { AccountId, MailboxId } from '../../model/ids.js'
import { noSuchMailbox } from '../errors.js'
import type { MessageStore } from '../messages.js'
import { ascending } from '../slices.js'
import type { Access } from './access.js'
import { appendMutation } from './append.js'
import { changeFlagsMutation } from './change-flags.js'
import { expungeMutation } from './expunge.js'
import { packMessage } from './pack-message.js'
import { ContentReads } from './reading-contents.js'
import { IndexReads } from './reading-index.js'
import { slicesOf } from './slices.js'
import { copyMutation, moveMutation } from './transfer.js'

type Mutations = Pick<MessageStore, 'append' | 'deliver' | 'copy' | 'move' | 'changeFlags' | 'expunge'>

/** One slice after another; the next is under way while the caller tells of one. */
async function* inSlices<T>(
  slices: Iterable<Uint32Array>,
  run: (slice: Uint32Array) => Promise<T>,
): AsyncIterable<T> {
  const ask = (slice: Uint32Array): Promise<T> => {
    const answer = run(slice)
    // Awaited in its turn; a caller that has stopped listening by then leaves it unheard.
    answer.catch(() => {})
    return answer
  }
  let before: Promise<T> | undefined
  for (const slice of slices) {
    const answer: T | undefined = await before
    before = ask(slice)
    if (answer !== undefined) yield answer
  }
  if (before !== undefined) yield await before
}

/** UIDs that bear \Deleted now; the expunge itself looks again. */
async function deletedUids(index: IndexReads, account: AccountId, mailbox: MailboxId): Promise<Uint32Array> {
  const deleted = await index.deletedIn(account, mailbox)
  if (deleted === undefined) throw noSuchMailbox(account, mailbox)
  const uids: number[] = []
  if (deleted === 0) return new Uint32Array()
  for await (const { entries } of index.entries(account, mailbox, {}))
    entries.uids.forEach((uid, at) => {
      if (((entries.flags[at * FLAG_WORDS] ?? 0) & DELETED) !== 0) uids.push(uid)
    })
  return Uint32Array.from(uids)
}

const messageMutations = ({ mutate }: Access, index: IndexReads): Mutations => ({
  async append(account, mailbox, messages, quotaLimit, path) {
    const deliveries = messages.map((message) => ({ account, mailbox, message: packMessage(message), path }))
    return mutate(appendMutation(deliveries, quotaLimit))
  },
  async deliver(deliveries, quotaLimit) {
    const packed = deliveries.map((delivery) => ({ ...delivery, message: packMessage(delivery.message) }))
    return mutate(appendMutation(packed, quotaLimit))
  },
  async copy(account, from, uids, to, quotaLimit) {
    return mutate(copyMutation({ account, from, uids: ascending(uids), to }, quotaLimit))
  },
  async *move(account, from, uids, to) {
    const move = (slice: Uint32Array) => mutate(moveMutation({ account, from, uids: slice, to }))
    for await (const copied of inSlices(slicesOf(ascending(uids)), move))
      if (copied.to.length > 0) yield copied
  },
  async *changeFlags(account, mailbox, uids, change, unchangedSince) {
    yield* inSlices(slicesOf(ascending(uids)), (slice) =>
      mutate(changeFlagsMutation({ account, mailbox, uids: slice, change, unchangedSince })),
    )
  },
  async *expunge(account, mailbox, uids) {
    const wanted = uids === undefined ? await deletedUids(index, account, mailbox) : ascending(uids)
    const expunge = (slice: Uint32Array) => mutate(expungeMutation(account, mailbox, slice))
    for await (const expunged of inSlices(slicesOf(wanted), expunge))
      if (expunged.uids.length > 0) yield expunged
  },
})

export function messageMethods(access: Access): MessageStore {
  const index = new IndexReads(access.database)
  const contents = new ContentReads(access.database)
  return {
    ...messageMutations(access, index),
    entries: (account, mailbox, query) => index.entries(account, mailbox, query),
    expungedSince: (account, mailbox, since, upTo) => index.expungedSince(account, mailbox, since, upTo),
    expungedEntries: (account, mailbox, uids) => index.expungedEntries(account, mailbox, uids),
    flagTable: (account) => index.flagTable(account),
    summaries: (account, wanted, sizes) => contents.summaries(account, wanted, sizes),
    prepared: (account, wanted, what) => contents.prepared(account, wanted, what),
    sources: (account, wanted, sizes) => contents.sources(account, wanted, sizes),
    text: (account, content) => contents.text(account, content),
  }
}
