// `eider check` on MongoDB: each mailbox and account inside a transaction (check.ts), contents in pages, each page as it
// stood at one moment. Runs beside servers: what they change meanwhile is no finding.

import type { ClientSession, Filter } from 'mongodb'
import {
  checkContent,
  checkEntries,
  Doubt,
  decodedOrNone,
  loneReference,
  missingReference,
  orphan,
  type SourceLengths,
} from '../check-content.js'
import type { Finding } from '../maintenance.js'
import { type Access, betweenPages } from './access.js'
import {
  addReferencesMutation,
  checkAccountMutation,
  checkMailboxMutation,
  dropReferenceMutation,
} from './check.js'
import { purgeContentsMutation } from './collect.js'
import { atOneMoment } from './database.js'
import { isMailboxKey } from './mailboxes.js'
import { Marking } from './marking.js'
import {
  type AccountDocument,
  accountKey,
  type ChunkDocument,
  chunkKey,
  chunkKeys,
  contentKey,
  contentOfKey,
  contentOfSourceKey,
  keyBehind,
  keysBelow,
  type MailboxDocument,
  narrowKeys,
  type SourceDocument,
  sourceKey,
  sourceKeys,
} from './schema.js'

/** Accounts of one command; chunks, and contents, of one page. */
const PAGE_ACCOUNTS = 256
const PAGE_CHUNKS = 16
const PAGE_CONTENTS = 512
const NOBODY: ReadonlySet<number> = new Set()

type Lengths = SourceLengths & { readonly _id: string }

/** A page of contents, with all that belongs to them, up to content `upTo`. */
interface ContentPage {
  readonly contents: ReadonlySet<number>
  readonly sources: ReadonlyMap<number, Lengths>
  readonly references: readonly string[]
  readonly upTo: number
}

export class Checker {
  readonly #access: Access
  readonly #marking: Marking

  constructor(access: Access) {
    this.#access = access
    this.#marking = new Marking(access.database)
  }

  async *check(repair: boolean): AsyncIterable<Finding> {
    for await (const account of this.#accounts()) {
      const mailboxes = await this.#mailboxes(account)
      const doubt = new Doubt()
      for (const { mailbox } of mailboxes)
        yield* doubt.after(await this.#access.mutate(checkMailboxMutation(account, mailbox, repair)))
      const highest = await this.#highestContent(account)
      yield* await this.#access.mutate(checkAccountMutation(account, highest, repair))
      // Contents of a deleted mailbox go before its entries.
      for (const { mailbox, deleted_at } of mailboxes)
        if (deleted_at === null) yield* doubt.after(this.#checkEntries(account, mailbox))
      yield* this.#checkContents(account, repair)
      yield* this.#checkOrphans(account, repair, doubt)
    }
  }

  /** Each entry of the index has its content, of the size that it says. */
  async *#checkEntries(account: number, mailbox: number): AsyncIterable<Finding> {
    const { database } = this.#access
    for (let from = chunkKey(account, mailbox, 0); ; ) {
      const { chunks, sources } = await database.snapshot('reading entries', async (session) => {
        const chunks = await this.#chunks(session, account, mailbox, from)
        const contents = chunks.flatMap(({ columns }) => [...(columns?.cold.contents ?? [])])
        const keys = [...new Set(contents)].map((content) => sourceKey(account, content))
        return { chunks, sources: await this.#lengths(session, { _id: { $in: keys } }) }
      })
      for (const { columns } of chunks)
        if (columns !== undefined)
          yield* checkEntries({ account, mailbox }, columns, (content) => sources.get(content))
      const last = chunks.at(-1)
      if (last === undefined || chunks.length < PAGE_CHUNKS) return
      from = keyBehind(last._id)
      await betweenPages()
    }
  }

  /** Each content has all its parts, rebuilds to the size it says, and refers to each of its blobs; nothing else does. */
  async *#checkContents(account: number, repair: boolean): AsyncIterable<Finding> {
    for (let after = 0; ; ) {
      const page = await this.#contentPage(account, after)
      for (const content of new Set([...page.contents, ...page.sources.keys()]))
        yield* this.#checkContent(account, content, page, repair)
      for (const key of page.references) {
        const content = contentOfKey(key)
        if (page.contents.has(content) || page.sources.has(content)) continue
        const drop = dropReferenceMutation(account, content, key)
        const repaired = repair && (await this.#access.mutate(drop)) ? { repaired: 'deleted' } : {}
        yield loneReference(account, content, key.slice(contentKey(0, 0).length), repaired)
      }
      if (page.upTo === Number.POSITIVE_INFINITY) return
      after = page.upTo
      await betweenPages()
    }
  }

  async *#checkContent(
    account: number,
    content: number,
    page: ContentPage,
    repair: boolean,
  ): AsyncIterable<Finding> {
    const { findings, blobs } = checkContent(
      { account, content },
      page.sources.get(content),
      page.contents.has(content),
    )
    yield* findings
    const known = new Set(page.references)
    const missing = blobs.filter((blob) => !known.has(contentKey(account, content) + blob))
    if (missing.length === 0) return
    const add = addReferencesMutation({ account, content, hashes: missing })
    const repaired = repair && (await this.#access.mutate(add)) ? { repaired: 'added' } : {}
    for (const blob of missing) yield missingReference(account, content, blob, repaired)
  }

  /** Contents that neither an entry nor a tombstone names. Those that the collector will purge are not among them. */
  async *#checkOrphans(account: number, repair: boolean, doubt: Doubt): AsyncIterable<Finding> {
    const start = await this.#marking.start(account)
    if (start === undefined) return
    const alive = await this.#marking.alive(account, 0, NOBODY, doubt.unreadable)
    let mark = { alive, since: start.modseq }
    yield* doubt.findings
    for await (const page of this.#marking.contents(account, start.content_next)) {
      if (page.every((content) => alive.has(content))) continue
      mark = await this.#marking.catchUp(account, mark, NOBODY, doubt.unreadable)
      for (const content of page.filter((one) => !alive.has(one))) {
        const purge = purgeContentsMutation({
          account,
          contents: [content],
          since: mark.since,
          without: NOBODY,
        })
        const deleted = repair && !doubt.exists && (await this.#access.mutate(purge)) === 1
        yield orphan(account, content, doubt.exists, deleted ? { repaired: 'deleted' } : {})
      }
    }
  }

  async *#accounts(): AsyncIterable<number> {
    const { database } = this.#access
    for (let after = 0; ; ) {
      const page = await database.read('reading accounts', (session) =>
        database
          .collection('account')
          .find<Pick<AccountDocument, 'account' | 'state'>>(
            { account: { $gt: after }, username: { $exists: true } },
            { session, projection: { account: 1, state: 1 }, hint: 'by_number', singleBatch: true },
          )
          .sort({ account: 1 })
          .limit(PAGE_ACCOUNTS)
          .batchSize(PAGE_ACCOUNTS)
          .toArray(),
      )
      const last = page.at(-1)
      if (last === undefined) return
      for (const { account, state } of page) if (state === 'active') yield account
      after = last.account
    }
  }

  async #mailboxes(account: number): Promise<Pick<MailboxDocument, 'mailbox' | 'deleted_at'>[]> {
    const { database } = this.#access
    const { from, to } = narrowKeys(account)
    const found = await database.read('reading mailboxes', (session) =>
      database
        .collection('mailbox')
        .find<Pick<MailboxDocument, '_id' | 'mailbox' | 'deleted_at'>>(
          { _id: { $gte: from, $lt: to } },
          { session, projection: { mailbox: 1, deleted_at: 1 }, hint: '_id_' },
        )
        .toArray(),
    )
    return found.filter(({ _id }) => isMailboxKey(_id))
  }

  async #highestContent(account: number): Promise<number> {
    const { database } = this.#access
    const found = await database.read('reading contents', (session) =>
      database
        .collection('content')
        .findOne(
          { _id: { $gte: contentKey(account, 0), $lt: sourceKeys(account).from } },
          { session, projection: { _id: 1 }, hint: '_id_', sort: { _id: -1 } },
        ),
    )
    return found === null ? 0 : contentOfKey(found._id)
  }

  async #chunks(session: ClientSession, account: number, mailbox: number, from: string) {
    const { to } = chunkKeys(account, mailbox)
    const found = await this.#access.database
      .collection('chunk')
      .find<Pick<ChunkDocument, '_id' | 'chunk'> & { readonly hot?: Uint8Array; readonly cold?: Uint8Array }>(
        { _id: { $gte: from, $lt: to } },
        { ...atOneMoment(session), projection: { chunk: 1, hot: 1, cold: 1 }, hint: '_id_' },
      )
      .sort({ _id: 1 })
      .limit(PAGE_CHUNKS)
      .toArray()
    return found.map(({ _id, chunk, hot, cold }) => ({ _id, columns: decodedOrNone(chunk, hot, cold) }))
  }

  /** Of the sources that a filter finds, by content. */
  async #lengths(
    session: ClientSession,
    filter: Filter<SourceDocument>,
    limit = Number.MAX_SAFE_INTEGER,
  ): Promise<Map<number, Lengths>> {
    const found = await this.#access.database
      .collection('source')
      .aggregate<Lengths>(
        [
          { $match: filter },
          { $sort: { _id: 1 } },
          { $limit: limit },
          {
            $project: {
              size: 1,
              cuts: 1,
              trace: { $binarySize: '$trace' },
              skeleton: { $binarySize: '$skeleton' },
            },
          },
        ],
        { ...atOneMoment(session), hint: '_id_' },
      )
      .toArray()
    return new Map(found.map((lengths) => [contentOfSourceKey(lengths._id), lengths]))
  }

  #contentPage(account: number, after: number): Promise<ContentPage> {
    const { database } = this.#access
    return database.snapshot('reading contents', async (session) => {
      const contents = await database
        .collection('content')
        .find(
          { _id: { $gte: contentKey(account, after + 1), $lt: sourceKeys(account).from } },
          { ...atOneMoment(session), projection: { _id: 1 }, hint: '_id_' },
        )
        .sort({ _id: 1 })
        .limit(PAGE_CONTENTS)
        .toArray()
      const range = { _id: { $gte: sourceKey(account, after + 1), $lt: sourceKeys(account).to } }
      const sources = await this.#lengths(session, range, PAGE_CONTENTS)
      const numbers = contents.map(({ _id }) => contentOfKey(_id))
      const upTo = Math.min(endOf(numbers), endOf([...sources.keys()]))
      const end = Number.isFinite(upTo) ? contentKey(account, upTo + 1) : keysBelow(accountKey(account)).to
      const references = await database
        .collection('reference')
        .find(
          { _id: { $gte: contentKey(account, after + 1), $lt: end } },
          { ...atOneMoment(session), projection: { _id: 1 }, hint: '_id_' },
        )
        .toArray()
      return {
        contents: new Set(numbers.filter((content) => content <= upTo)),
        sources: new Map([...sources].filter(([content]) => content <= upTo)),
        references: references.map(({ _id }) => _id),
        upTo,
      }
    })
  }
}

/** The last of a full page: there may be more behind it. */
const endOf = (numbers: readonly number[]): number =>
  numbers.length < PAGE_CONTENTS ? Number.POSITIVE_INFINITY : (numbers.at(-1) ?? Number.POSITIVE_INFINITY)
