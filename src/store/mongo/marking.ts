// Which contents of an account are alive: the mark of the collector and of `check`, read in pages, the indexes first and
// the tombstones after them, because that is the way that entries go. What moves meanwhile is read again.

import type { ClientSession } from 'mongodb'
import { addNamed, ContentSet, type Unreadable } from '../content-set.js'
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
type ColdChunk = Pick<ChunkDocument, '_id' | 'mailbox' | 'chunk'> & { readonly cold?: Uint8Array }
type ColdTombstone = Pick<TombstoneDocument, '_id' | 'mailbox' | 'chunk' | 'modseq' | 'expunged_at' | 'cold'>

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
      this.#database.raiseFloor(session)
      return document
    })
    return found === null || found.state !== 'active' ? undefined : found
  }

  /**
   * Named by an index, or by a tombstone of `keepFrom` (milliseconds since 1970) or later; what the mailboxes `without`
   * hold does not count.
   */
  async alive(
    account: number,
    keepFrom: number,
    without: ReadonlySet<number>,
    unreadable: Unreadable,
  ): Promise<ContentSet> {
    const alive = await this.named(account, unreadable, without)
    for await (const page of this.#tombstones(account))
      for (const { mailbox, chunk, modseq, expunged_at, cold } of page)
        if (expunged_at >= keepFrom && !without.has(mailbox))
          addNamed(alive, { account, mailbox, chunk, modseq }, cold, unreadable)
    return alive
  }

  /** Named by an entry of any mailbox, deleted ones too, but for those `without`. */
  async named(
    account: number,
    unreadable: Unreadable,
    without: ReadonlySet<number> = new Set(),
  ): Promise<ContentSet> {
    const named = new ContentSet()
    for await (const page of this.#chunks(account))
      for (const { mailbox, chunk, cold } of page)
        if (!without.has(mailbox)) addNamed(named, { account, mailbox, chunk }, cold, unreadable)
    return named
  }

  /** Adds to a mark what has changed since: little is left then for those who must look again inside a mutation. */
  async catchUp(
    account: number,
    { alive, since }: Mark,
    without: ReadonlySet<number>,
    unreadable: Unreadable,
  ): Promise<Mark> {
    const start = await this.start(account)
    if (start === undefined || start.modseq === since) return { alive, since }
    await this.#database.read('reading what changed', async (session) => {
      const changed = await this.#changedMailboxes(session, account, since)
      for (const mailbox of changed.filter((one) => !without.has(one))) {
        for await (const { chunk, cold } of this.#changedChunks(session, account, mailbox, since))
          addNamed(alive, { account, mailbox, chunk }, cold, unreadable)
        for await (const { chunk, modseq, cold } of this.#buried(session, account, mailbox, since))
          addNamed(alive, { account, mailbox, chunk, modseq }, cold, unreadable)
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
          { session, projection: { mailbox: 1, chunk: 1, cold: 1 }, hint: '_id_', singleBatch: true },
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
            projection: { mailbox: 1, chunk: 1, modseq: 1, expunged_at: 1, cold: 1 },
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
      .project<Pick<ColdChunk, 'chunk' | 'cold'>>({ chunk: 1, cold: 1 })
      .batchSize(PAGE_VALUES)
  }

  #buried(session: ClientSession, account: number, mailbox: number, since: number) {
    const from = tombstoneKey(account, mailbox, since + 1, 0)
    const { to } = keysBelow(mailboxKey(account, mailbox))
    return this.#database
      .collection('tombstone')
      .find({ _id: { $gte: from, $lt: to } }, { session, hint: '_id_' })
      .project<Pick<ColdTombstone, 'chunk' | 'modseq' | 'cold'>>({ chunk: 1, modseq: 1, cold: 1 })
      .batchSize(PAGE_VALUES)
  }
}
