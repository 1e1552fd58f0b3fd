// What a migration reads from a cluster store, in bounded pages. src/store/migration.ts.

import type { ClientSession } from 'mongodb'
import { noSuchAccount } from '../errors.js'
import {
  type DumpedAccount,
  type DumpedChunk,
  type DumpedContent,
  type DumpedTombstone,
  halfChunk,
  incomplete,
  PAGE_CONTENTS,
  PAGE_OCTETS,
} from '../migration.js'
import type { AccountRow, MailboxRow } from '../rows.js'
import { addressOf, byAge } from './accounts.js'
import type { MongoDatabase } from './database.js'
import { isMailboxKey } from './mailboxes.js'
import { summaryOf } from './reading-contents.js'
import {
  type AccountDocument,
  accountKey,
  type ContentDocument,
  chunkKeys,
  contentKey,
  contentOfKey,
  type Kind,
  type Kinds,
  keysBelow,
  type MailboxDocument,
  narrowKeys,
  RECENT,
  type RecentDocument,
  type SourceDocument,
  sourceKey,
  sourceKeys,
} from './schema.js'
import { storeCollection } from './store-collection.js'
import { ARRIVAL } from './tenants.js'

/** Packed values of one page. */
const PAGE_VALUES = 128

export class Dump {
  readonly #database: MongoDatabase

  constructor(database: MongoDatabase) {
    this.#database = database
  }

  async lastAccount(): Promise<number> {
    const counter = await this.#database.read('reading the counter of accounts', (session) =>
      storeCollection(this.#database).findOne({ _id: 'account' }, { session }),
    )
    return counter?.value ?? 0
  }

  async arrival(): Promise<string | undefined> {
    const arrival = await this.#database.read('looking for a migration', (session) =>
      storeCollection(this.#database).findOne({ _id: ARRIVAL }, { session }),
    )
    return arrival?.from
  }

  /** In whatever state it is. */
  account(id: number): Promise<DumpedAccount | undefined> {
    return this.#database.read('reading an account', async (session) => {
      const all = <K extends Kind>(kind: K) =>
        this.#range(kind, kind === 'account' ? narrowKeys(id) : keysBelow(accountKey(id)), session)
      const narrow: (AccountDocument | MailboxDocument | RecentDocument)[] = await all('account')
      const account = narrow.find(({ _id }) => _id === accountKey(id)) as AccountDocument | undefined
      if (account === undefined) return undefined
      const recents = new Map(narrow.map((document) => [document._id, document as RecentDocument]))
      const mailboxes = narrow.filter(({ _id }) => isMailboxKey(_id)) as MailboxDocument[]
      return {
        account: accountRow(account),
        collectedUntil: account.collected_until,
        credentials: (await all('credential')).map(({ _id, ...credential }) => credential),
        addresses: (await all('address')).sort(byAge).map((address) => addressOf(id, address)),
        keywords: account.keywords.toSorted((a, b) => a.bit - b.bit),
        subscriptions: (await all('subscription')).map(({ path }) => path),
        mailboxes: mailboxes.map((box) => mailboxRow(box, recents.get(box._id + RECENT))),
      }
    })
  }

  async active(id: number): Promise<DumpedAccount> {
    const dumped = await this.account(id)
    if (dumped?.account.state !== 'active') throw noSuchAccount(id)
    return dumped
  }

  /** 0 where it has none. */
  async highestContent(account: number): Promise<number> {
    const [last] = await this.#database.read('reading the last content', (session) =>
      this.#database
        .collection('content')
        .find({ _id: contentRange(account, 0) }, { session, projection: { _id: 1 } })
        .sort({ _id: -1 })
        .limit(1)
        .toArray(),
    )
    return last === undefined ? 0 : contentOfKey(last._id)
  }

  /** Empty at the end. */
  contents(account: number, after: number): Promise<DumpedContent[]> {
    return this.#database.read('reading contents', async (session) => {
      const found = await this.#database
        .collection('content')
        .find({ _id: contentRange(account, after) }, { session, batchSize: PAGE_CONTENTS + 1 })
        .sort({ _id: 1 })
        .limit(PAGE_CONTENTS)
        .toArray()
      const page = found.slice(0, await this.#fitting(account, found, session))
      const last = page.at(-1)
      if (last === undefined) return []
      const { from, to } = sourcesOf(account, page)
      const sources = await this.#database
        .collection('source')
        .find({ _id: { $gte: from, $lte: to } }, { session })
        .toArray()
      const byKey = new Map(sources.map((source) => [source._id, source]))
      return page.map((content) => dumpedContent(account, content, byKey))
    })
  }

  /** How many of the contents make a page, by the octets of their sources. */
  async #fitting(
    account: number,
    found: readonly ContentDocument[],
    session: ClientSession,
  ): Promise<number> {
    if (found.length === 0) return 0
    const { from, to } = sourcesOf(account, found)
    const sizes = await this.#database
      .collection('source')
      .aggregate<{ _id: string; octets: number }>(
        [
          { $match: { _id: { $gte: from, $lte: to } } },
          { $sort: { _id: 1 } },
          { $project: { octets: { $bsonSize: '$$ROOT' } } },
        ],
        { session },
      )
      .toArray()
    let octets = 0
    const past = sizes.find((source) => {
      octets += source.octets
      return octets >= PAGE_OCTETS
    })
    if (past === undefined) return found.length
    return found.findIndex(({ _id }) => sourceKey(account, contentOfKey(_id)) === past._id) + 1
  }

  async chunks(account: number, after: string): Promise<(DumpedChunk & { _id: string })[]> {
    const found = await this.#page('chunk', account, after)
    // As they stand there, perhaps with less than they should have.
    const half = found.find(({ hot, cold }) => !hot || !cold)
    if (half !== undefined) throw halfChunk(account, half)
    return found.map(({ _id, mailbox, chunk, max_modseq, hot, cold }) => ({
      _id,
      mailbox,
      chunk,
      maxModseq: max_modseq,
      hot,
      cold,
    }))
  }

  async tombstones(account: number, after: string): Promise<(DumpedTombstone & { _id: string })[]> {
    const found = await this.#page('tombstone', account, after)
    return found.map(({ _id, mailbox, chunk, modseq, expunged_at, hot, cold }) => ({
      _id,
      mailbox,
      chunk,
      modseq,
      expungedAt: expunged_at,
      hot,
      cold,
    }))
  }

  #page<K extends 'chunk' | 'tombstone'>(kind: K, account: number, after: string): Promise<Kinds[K][]> {
    const { from, to } = kind === 'chunk' ? chunkKeys(account) : keysBelow(accountKey(account))
    const filter = { _id: { $gt: after === '' ? from : after, $lt: to } }
    return this.#database.read('reading an index', (session) =>
      this.#database.db
        .collection<Kinds[K]>(this.#database.collection(kind).collectionName)
        .find(filter as never, { session, batchSize: PAGE_VALUES + 1 })
        .sort({ _id: 1 })
        .limit(PAGE_VALUES)
        .toArray(),
    ) as Promise<Kinds[K][]>
  }

  #range<K extends Kind>(
    kind: K,
    { from, to }: { readonly from: string; readonly to: string },
    session: ClientSession,
  ): Promise<Kinds[K][]> {
    return this.#database
      .collection(kind)
      .find({ _id: { $gte: from, $lt: to } } as never, { session })
      .sort({ _id: 1 })
      .toArray() as Promise<unknown> as Promise<Kinds[K][]>
  }
}

/** Contents above `after`; sources stand behind them. */
const contentRange = (account: number, after: number) => ({
  $gt: contentKey(account, after),
  $lt: sourceKeys(account).from,
})

const sourcesOf = (account: number, contents: readonly ContentDocument[]) => ({
  from: sourceKey(account, contentOfKey(contents[0]?._id ?? '')),
  to: sourceKey(account, contentOfKey(contents.at(-1)?._id ?? '')),
})

function dumpedContent(
  account: number,
  document: ContentDocument,
  sources: ReadonlyMap<string, SourceDocument>,
): DumpedContent {
  const content = contentOfKey(document._id)
  const source = sources.get(sourceKey(account, content))
  if (source === undefined) throw incomplete(account, `content ${content} has no source`)
  const { size, trace, cuts, root, skeleton, text } = source
  return { content, summary: summaryOf(document), source: { size, trace, cuts, root, skeleton }, text }
}

const accountRow = ({
  _id,
  version: _version,
  keywords: _keywords,
  collected_until: _until,
  ...row
}: AccountDocument): AccountRow => row

const mailboxRow = ({ _id, ...box }: MailboxDocument, recent: RecentDocument | undefined): MailboxRow => ({
  ...box,
  recent_uid: recent?.recent_uid ?? 1,
})
