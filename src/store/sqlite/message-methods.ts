// MessageStore on SQLite.

import { contentId, MAX_UID, modSeq, uid } from '../../model/ids.js'
import { unionOf } from '../../model/number-set.js'
import type { Appended, Copied, MessageStore } from '../messages.js'
import { ascending } from '../slices.js'
import { sourcePagesOf, summaryPagesOf } from '../stored-source.js'
import { type Access, betweenPages } from './access.js'
import type { AppendArgs, AppendResult, CopyResult } from './calls.js'
import { packMessage } from './pack-message.js'
import { CONTENT_PAGE } from './reading-contents.js'

const appendedOf = (result: AppendResult): Appended => ({
  uidValidity: result.uidValidity,
  uid: uid(result.uid),
  content: contentId(result.content),
  modseq: modSeq(result.modseq),
})

const copiedOf = ({ uidValidity, from, to, modseq }: CopyResult): Copied => ({
  uidValidity,
  from,
  to,
  modseq: modSeq(modseq),
})

/** Of one page: what a client that does not read holds here. */
const SOURCES = { octets: 2 ** 20, count: 64 }

type Mutations = Pick<MessageStore, 'append' | 'deliver' | 'copy' | 'move' | 'changeFlags' | 'expunge'>

async function append({ last, write }: Access, args: AppendArgs): Promise<Appended[]> {
  const results = await write('append', args)
  for (const { account, message } of args.deliveries) last.grew(account, message.size)
  return results.map(appendedOf)
}

const messageMutations = (access: Access, sliceMs: number): Mutations => ({
  async append(account, mailbox, messages, quotaLimit, path) {
    const deliveries = messages.map((message) => ({ account, mailbox, message: packMessage(message), path }))
    return append(access, { deliveries, quotaLimit })
  },
  async deliver(deliveries, quotaLimit) {
    const packed = deliveries.map((delivery) => ({ ...delivery, message: packMessage(delivery.message) }))
    return append(access, { deliveries: packed, quotaLimit })
  },
  async copy(account, from, uids, to, quotaLimit) {
    return copiedOf(await access.write('copy', { account, from, uids: ascending(uids), to, quotaLimit }))
  },
  async *move(account, from, uids, to) {
    for (let rest = ascending(uids); rest.length > 0; ) {
      const slice = await access.write('move', { account, from, uids: rest, to, sliceMs })
      if (slice.to.length > 0) yield copiedOf(slice)
      rest = rest.slice(slice.done)
    }
  },
  async *changeFlags(account, mailbox, uids, { mode, flags }, unchangedSince) {
    for (let rest = ascending(uids); rest.length > 0; ) {
      const args = { account, mailbox, uids: rest, mode, flags, unchangedSince, sliceMs }
      const slice = await access.write('changeFlags', args)
      yield {
        before: modSeq(slice.before),
        modseq: modSeq(slice.modseq),
        entries: { length: slice.uids.length, uids: slice.uids, modseqs: slice.modseqs, flags: slice.flags },
        changed: slice.changed,
        modified: slice.modified,
        missing: slice.missing,
      }
      rest = rest.slice(slice.done)
    }
  },
  async *expunge(account, mailbox, uids) {
    let rest = uids === undefined ? undefined : ascending(uids)
    let fromChunk: number | undefined = 0
    while (fromChunk !== undefined && rest?.length !== 0) {
      const args = { account, mailbox, uids: rest, fromChunk, sliceMs }
      const slice: Awaited<ReturnType<typeof access.write<'expunge'>>> = await access.write('expunge', args)
      if (slice.uids.length > 0) yield { modseq: modSeq(slice.modseq), uids: slice.uids }
      fromChunk = slice.nextChunk
      rest = rest?.slice(slice.done)
    }
  },
})

/** Long mutations run in slices: each takes about `sliceMs` milliseconds of the writer, then others have their turn. */
export const messageMethods = (access: Access, sliceMs: number): MessageStore => ({
  ...messageMutations(access, sliceMs),
  async *entries(account, mailbox, query) {
    const end = query.to ?? MAX_UID
    for (let from = query.from ?? 1; ; ) {
      const page = access.index.page(account, mailbox, from, query)
      yield page
      if (page.covered >= end) return
      from = page.covered + 1
      await betweenPages()
    }
  },
  async expungedSince(account, mailbox, since, upTo) {
    const uids: Uint32Array[] = []
    for (const page of access.index.expunged(account, mailbox, since, upTo)) {
      uids.push(page)
      await betweenPages()
    }
    return unionOf(uids)
  },
  expungedEntries: async (account, mailbox, uids) =>
    access.index.expungedEntries(account, mailbox, ascending(uids), (content) =>
      access.contents.isThere(account, content),
    ),
  flagTable: async (account) => access.index.flagTable(account),
  async *summaries(account, contents, sizes) {
    for (const page of summaryPagesOf(contents, sizes, CONTENT_PAGE)) {
      yield Array.from(page, (content) => access.contents.summary(account, content))
      await betweenPages()
    }
  },
  async *prepared(account, contents, what) {
    for (let at = 0; at < contents.length; at += CONTENT_PAGE) {
      if (at > 0) await betweenPages()
      yield access.contents.prepared(account, contents.subarray(at, at + CONTENT_PAGE), what)
    }
  },
  async *sources(account, contents, sizes) {
    for (const page of sourcePagesOf(contents, sizes, SOURCES)) yield access.contents.sources(account, page)
  },
  text: async (account, content) => access.contents.text(account, content),
})
