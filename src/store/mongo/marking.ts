// Which contents of an account are alive: the mark of the collector and of `check`, read in pages, the indexes first and
// the tombstones after them, because that is the way that entries go. What moves meanwhile is read again.

import type { ClientSession } from 'mongodb'
import { ContentSet } from '../content-set.js'
import { isStoreError } from '../errors.js'
import { decodeContents } from '../index-codec.js'
import { betweenPages } from './access.js'
import type { MongoDatabase } from './database.js'
import { isMailboxKey } from './mailboxes.js'
import {
  type AccountDocument,
  accountKey,
  type ChunkDocument,
  chunkKeys,
  contentKey,
  contentOfKey,
  keyBehind,
  keysBelow,
  type MailboxDocument,
  mailboxKey,
  narrowKeys,
  type TombstoneDocument,
  tombstoneKey,
} from './schema.js'

/** Packed values of one command: 3 KB each, where they are full. */
const PAGE_VALUES = 256
/** Contents of one command. */
const PAGE_CONTENTS = 1024

/** As they stand there, perhaps with less than they should have. */
type ColdChunk = Pick<ChunkDocument, '_id' | 'mailbox'> & { readonly cold?: Uint8Array }
type ColdTombstone = Pick<TombstoneDocument, '_id' | 'mailbox' | 'expunged_at' | 'cold'>

/** Where an account stood when its mark began. */
export interface MarkStart {
  readonly modseq: number
  readonly content_next: number
}

/** A mark: true of all that happened up to `since`. */
export interface Mark {
  readonly alive: ContentSet
  readonly since: number
}

/** False where it cannot be read. */
function addContents(alive: ContentSet, cold: Uint8Array | undefined): boolean {
  if (cold === undefined) return false
  try {
    decodeContents(cold, (content) => alive.add(content))
    return true
  } catch (error) {
    if (isStoreError(error, 'corrupt')) return false
    throw error
  }
}

export class Marking {
  readonly #database: MongoDatabase

  constructor(database: MongoDatabase) {
    this.#database = database
  }

  /** Undefined where the account is not there or is being removed. What is read after this is not older. */
  async start(account: number): Promise<MarkStart | undefined> {
    const found = await this.#database.read('reading an account', async (session) => {
      const document = await this.#database
        .collection('account')
        .findOne<Pick<AccountDocument, 'state' | 'modseq' | 'content_next'>>(
          { _id: accountKey(account) },
          { session, projection: { state: 1, modseq: 1, content_next: 1 } },
        )
      this.#database.committed(session)
      return document
    })
    return found === null || found.state !== 'active' ? undefined : found
  }

  /**
   * Named by an index, or by a tombstone of `keepFrom` (milliseconds since 1970) or later; what the mailboxes `without`
   * hold does not count. Undefined where one of them cannot be read: then nobody knows.
   */
  async alive(
    account: number,
    keepFrom: number,
    without: ReadonlySet<number>,
  ): Promise<ContentSet | undefined> {
    const alive = new ContentSet()
    for await (const page of this.#chunks(account))
      for (const { mailbox, cold } of page)
        if (!without.has(mailbox) && !addContents(alive, cold)) return undefined
    for await (const page of this.#tombstones(account))
      for (const { mailbox, expunged_at, cold } of page)
        if (expunged_at >= keepFrom && !without.has(mailbox) && !addContents(alive, cold)) return undefined
    return alive
  }

  /** Named by an entry of any mailbox, deleted ones too. Undefined where one cannot be read. */
  async named(account: number): Promise<ContentSet | undefined> {
    const named = new ContentSet()
    for await (const page of this.#chunks(account))
      for (const { cold } of page) if (!addContents(named, cold)) return undefined
    return named
  }

  /** Adds to a mark what has changed since: little is left then for those who must look again inside a mutation. */
  async catchUp(account: number, { alive, since }: Mark, without: ReadonlySet<number>): Promise<Mark> {
    const start = await this.start(account)
    if (start === undefined || start.modseq === since) return { alive, since }
    const add = ({ cold }: { readonly cold: Uint8Array }) =>
      decodeContents(cold, (content) => alive.add(content))
    await this.#database.read('reading what changed', async (session) => {
      const changed = await this.#changedMailboxes(session, account, since)
      for (const mailbox of changed.filter((one) => !without.has(one))) {
        for await (const chunk of this.#changedChunks(session, account, mailbox, since)) add(chunk)
        for await (const tombstone of this.#buried(session, account, mailbox, since)) add(tombstone)
      }
    })
    return { alive, since: start.modseq }
  }

  /** Pages of the contents that are there, up to `below`. */
  async *contents(account: number, below: number): AsyncIterable<number[]> {
    const to = contentKey(account, below)
    for (let from = contentKey(account, 0); ; ) {
      const found = await this.#database.read('reading contents', (session) =>
        this.#database
          .collection('content')
          .find(
            { _id: { $gte: from, $lt: to } },
            { session, projection: { _id: 1 }, hint: '_id_', singleBatch: true },
          )
          .sort({ _id: 1 })
          .limit(PAGE_CONTENTS)
          .batchSize(PAGE_CONTENTS)
          .toArray(),
      )
      const last = found.at(-1)
      if (last === undefined) return
      yield found.map(({ _id }) => contentOfKey(_id))
      from = keyBehind(last._id)
      await betweenPages()
    }
  }

  #chunks(account: number): AsyncIterable<ColdChunk[]> {
    return this.#pages(chunkKeys(account), (session, from, to) =>
      this.#database
        .collection('chunk')
        .find<ColdChunk>(
          { _id: { $gte: from, $lt: to } },
          { session, projection: { mailbox: 1, cold: 1 }, hint: '_id_', singleBatch: true },
        )
        .sort({ _id: 1 })
        .limit(PAGE_VALUES)
        .batchSize(PAGE_VALUES)
        .toArray(),
    )
  }

  #tombstones(account: number): AsyncIterable<ColdTombstone[]> {
    return this.#pages(keysBelow(accountKey(account)), (session, from, to) =>
      this.#database
        .collection('tombstone')
        .find<ColdTombstone>(
          { _id: { $gte: from, $lt: to } },
          {
            session,
            projection: { mailbox: 1, expunged_at: 1, cold: 1 },
            hint: '_id_',
            singleBatch: true,
          },
        )
        .sort({ _id: 1 })
        .limit(PAGE_VALUES)
        .batchSize(PAGE_VALUES)
        .toArray(),
    )
  }

  async *#pages<T extends { readonly _id: string }>(
    { from: first, to }: { readonly from: string; readonly to: string },
    read: (session: ClientSession, from: string, to: string) => Promise<T[]>,
  ): AsyncIterable<T[]> {
    for (let from = first; ; ) {
      const page = await this.#database.read('reading the index', (session) => read(session, from, to))
      const last = page.at(-1)
      if (last === undefined) return
      yield page
      from = keyBehind(last._id)
      await betweenPages()
    }
  }

  async #changedMailboxes(session: ClientSession, account: number, since: number): Promise<number[]> {
    const { from, to } = narrowKeys(account)
    const found = await this.#database
      .collection('mailbox')
      .find<Pick<MailboxDocument, '_id' | 'mailbox' | 'highest_modseq'>>(
        { _id: { $gte: from, $lt: to } },
        { session, projection: { mailbox: 1, highest_modseq: 1 }, hint: '_id_' },
      )
      .toArray()
    return found
      .filter(({ _id, highest_modseq }) => isMailboxKey(_id) && highest_modseq > since)
      .map(({ mailbox }) => mailbox)
  }

  #changedChunks(session: ClientSession, account: number, mailbox: number, since: number) {
    return this.#database
      .collection('chunk')
      .find(
        { account, mailbox, max_modseq: { $gt: since }, chunk: { $gte: 0 } },
        { session, hint: 'by_modseq' },
      )
      .project<Pick<ChunkDocument, 'cold'>>({ cold: 1 })
      .batchSize(PAGE_VALUES)
  }

  #buried(session: ClientSession, account: number, mailbox: number, since: number) {
    const from = tombstoneKey(account, mailbox, since + 1, 0)
    const { to } = keysBelow(mailboxKey(account, mailbox))
    return this.#database
      .collection('tombstone')
      .find({ _id: { $gte: from, $lt: to } }, { session, hint: '_id_' })
      .project<Pick<TombstoneDocument, 'cold'>>({ cold: 1 })
      .batchSize(PAGE_VALUES)
  }
}
