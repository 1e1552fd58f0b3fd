// A migration into a cluster store: documents put in place with the numbers that they had. Nobody else uses the store
// meanwhile, so that writes need no transactions but where an account gets its names. src/store/migration.ts.

import { MAX_ACCOUNT } from '../../model/ids.js'
import { StoreError } from '../errors.js'
import type { DumpedAccount, DumpedContent, DumpedIndex, DumpedStore } from '../migration.js'
import { blobsOf, LazySource } from '../stored-source.js'
import type { MongoDatabase } from './database.js'
import { contentOf } from './pack-message.js'
import {
  type AccountDocument,
  accountKey,
  addressDocumentKey,
  type ChunkDocument,
  COLLECTIONS,
  type CollectionName,
  chunkKey,
  chunkKeys,
  contentKey,
  credentialKey,
  keysBelow,
  mailboxKey,
  type ReferenceDocument,
  recentKey,
  referenceKey,
  type SourceDocument,
  sourceKey,
  subscriptionKey,
  type TombstoneDocument,
  tombstoneKey,
} from './schema.js'
import { storeCollection } from './store-collection.js'
import { ARRIVAL } from './tenants.js'
import type { Mutation } from './unit.js'

/** Documents deleted by one command. */
const SLICE = 1000

export class Restore {
  readonly #database: MongoDatabase

  constructor(database: MongoDatabase) {
    this.#database = database
  }

  async begin(from: string): Promise<void> {
    await this.#write('beginning a migration', () =>
      storeCollection(this.#database).updateOne({ _id: ARRIVAL }, { $set: { from } }, { upsert: true }),
    )
  }

  async account(dumped: DumpedAccount): Promise<void> {
    const { account, collectedUntil, keywords, subscriptions, mailboxes } = dumped
    const id = account.account
    if (id > MAX_ACCOUNT) throw new StoreError('limit', `account ${id} is above ${MAX_ACCOUNT}`)
    const document: AccountDocument = {
      ...account,
      _id: accountKey(id),
      version: 1,
      username_key: null,
      state: 'arriving',
      keywords,
      collected_until: collectedUntil,
    }
    const boxes = mailboxes.map(({ recent_uid: _, ...box }) => ({ _id: mailboxKey(id, box.mailbox), ...box }))
    const recents = mailboxes.filter(({ recent_uid }) => recent_uid !== 1)
    // The account first: what is there of one that is not there would be in the way of the next run.
    await this.#insert(COLLECTIONS.account, [
      document,
      ...boxes,
      ...recents.map(({ mailbox, recent_uid }) => ({ _id: recentKey(id, mailbox), recent_uid })),
    ])
    await this.#insert(
      COLLECTIONS.subscription,
      subscriptions.map((path) => ({ _id: subscriptionKey(id, path), path })),
    )
  }

  /**
   * In this order: a content that is there has all that belongs to it, and so have those below it. What a killed run wrote
   * above the last content is dropped before another goes on (`dropUnfinished`).
   */
  async contents(account: number, contents: readonly DumpedContent[]): Promise<void> {
    const references: ReferenceDocument[] = contents.flatMap(({ content, source }) =>
      blobsOf(new LazySource(source).cuts).map((hash) => ({
        _id: referenceKey(account, content, hash),
        account,
        hash,
      })),
    )
    await this.#insert(COLLECTIONS.reference, references)
    const sources = contents.map(
      ({ content, source, text }): SourceDocument => ({
        _id: sourceKey(account, content),
        codec: 0,
        key_id: null,
        ...source,
        text,
      }),
    )
    await this.#insert(COLLECTIONS.content, [
      ...sources,
      ...contents.map(({ content, summary }) => ({
        _id: contentKey(account, content),
        ...contentOf(summary),
      })),
    ])
  }

  async index(account: number, { chunks, tombstones }: DumpedIndex): Promise<void> {
    await this.#insert(
      COLLECTIONS.chunk,
      chunks.map(
        ({ mailbox, chunk, maxModseq, hot, cold }): ChunkDocument => ({
          _id: chunkKey(account, mailbox, chunk),
          account,
          mailbox,
          chunk,
          max_modseq: maxModseq,
          hot,
          cold,
        }),
      ),
    )
    await this.#insert(
      COLLECTIONS.tombstone,
      tombstones.map(
        ({ mailbox, chunk, modseq, expungedAt, hot, cold }): TombstoneDocument => ({
          _id: tombstoneKey(account, mailbox, modseq, chunk),
          account,
          mailbox,
          chunk,
          modseq,
          expunged_at: expungedAt,
          hot,
          cold,
        }),
      ),
    )
  }

  async finish({ lastAccount, tokens }: DumpedStore): Promise<void> {
    const store = storeCollection(this.#database)
    await this.#write('finishing a migration', () =>
      store.updateOne({ _id: 'account' }, { $max: { value: lastAccount } }, { upsert: true }),
    )
    await this.#write('finishing a migration', () => this.#database.collection('token').deleteMany({}))
    await this.#insert(
      COLLECTIONS.token,
      tokens.map(({ id, label, hash, created }) => ({ _id: hash, id, label, created })),
    )
    await this.#write('finishing a migration', () => store.deleteOne({ _id: ARRIVAL }))
  }

  /** As it is for one that is removed: the collector's slices may drop it. */
  async giveUp(account: number): Promise<void> {
    const arriving = { _id: accountKey(account), state: 'arriving' } as const
    await this.#write('dropping an account', () =>
      this.#database.collection('account').updateOne(arriving, { $set: { state: 'removing' } }),
    )
  }

  /** What follows the contents, and what belongs to contents above `content`. */
  async dropUnfinished(account: number, content: number): Promise<void> {
    const { from, to } = keysBelow(accountKey(account))
    const chunks = chunkKeys(account)
    await this.#deleteRange(COLLECTIONS.chunk, chunks.from, chunks.to)
    await this.#deleteRange(COLLECTIONS.tombstone, from, to)
    await this.#deleteRange(COLLECTIONS.reference, contentKey(account, content + 1), to)
    await this.#deleteRange(COLLECTIONS.source, sourceKey(account, content + 1), to)
  }

  async #deleteRange(name: CollectionName, from: string, to: string): Promise<void> {
    const collection = this.#database.db.collection<{ _id: string }>(name)
    for (;;) {
      const slice = await this.#database.read('dropping what is there', (session) =>
        collection
          .find({ _id: { $gte: from, $lt: to } }, { session, projection: { _id: 1 } })
          .sort({ _id: 1 })
          .limit(SLICE)
          .toArray(),
      )
      const last = slice.at(-1)?._id
      if (last === undefined) return
      await this.#write('dropping what is there', () =>
        collection.deleteMany({ _id: { $gte: from, $lte: last } }),
      )
    }
  }

  /** In their order: where one is there, so are those before it. */
  async #insert(name: CollectionName, documents: readonly { readonly _id: string }[]): Promise<void> {
    if (documents.length === 0) return
    const collection = this.#database.db.collection<{ _id: string }>(name)
    await this.#write('putting documents in place', (session) =>
      collection.insertMany([...documents], { session, ordered: true }),
    )
  }

  /** Acknowledged by the majority; later reads of this process see it. */
  async #write(
    doing: string,
    work: (session: ReturnType<MongoDatabase['startSession']>) => Promise<unknown>,
  ) {
    await this.#database.read(doing, async (session) => {
      await work(session)
      this.#database.raiseFloor(session)
    })
  }
}

/** The account gets its names, and is served from here on. */
export const finishAccountMutation = (dumped: DumpedAccount): Mutation<void> => {
  const { account: row, addresses, credentials } = dumped
  const owner = accountKey(row.account)
  const keys = new Set(addresses.map(({ addressKey }) => addressKey))
  const names = new Map(
    [...keys].map((key) => [key, { _id: key, user: null as string | null, address: owner as string | null }]),
  )
  const user = row.username_key
  if (user !== null) names.set(user, { _id: user, user: owner, address: keys.has(user) ? owner : null })
  return {
    name: 'finishAccount',
    accounts: [row.account],
    needs: [...names.keys()].map((id) => ({ kind: 'name', id })),
    async run(unit) {
      const account = await unit.get('account', owner)
      if (account?.state !== 'arriving')
        throw new StoreError('no-such-account', `account ${row.account} is not arriving`)
      const taken = (await unit.getAll('name', [...names.keys()])).find((name) => name !== undefined)
      if (taken !== undefined) throw new StoreError('account-exists', `the name "${taken._id}" is taken`)
      for (const name of names.values()) unit.insert('name', name)
      for (const { kind, hash, scope, version } of credentials)
        unit.insert('credential', { _id: credentialKey(row.account, kind), kind, hash, scope, version })
      addresses.forEach((address, at) => {
        unit.insert('address', {
          _id: addressDocumentKey(row.account, address.addressKey),
          id: address.id,
          address: address.address,
          address_key: address.addressKey,
          main: address.main,
          created: address.created,
          // Only for the order among those of one millisecond; later ones are above.
          modseq: at,
        })
      })
      account.state = 'active'
      account.username_key = user
    },
  }
}
