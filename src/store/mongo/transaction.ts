// One attempt at a transaction: the mutations of a group run over shared documents, and what differs at the end is
// written by one command a collection. docs/architecture.md, "MongoDB (cluster)". The group commit decides what follows
// from a failure (group-commit.ts).

import { type ClientSession, MongoError } from 'mongodb'
import { isSocketError } from '../../kit/mongo-fault.js'
import { moveModseq } from '../allowances.js'
import { noSuchAccount, noSuchMailbox } from '../errors.js'
import type { MongoDatabase } from './database.js'
import { COLLECTION_ORDER, Documents, type Slot } from './documents.js'
import { StaleMemory } from './failures.js'
import { isOf, keyOf, type Memory, type Remembered, type Stored } from './memory.js'
import {
  type AccountDocument,
  accountKey,
  accountOfKey,
  COLLECTIONS,
  type CollectionName,
  chunkKeys,
  type Kind,
  type Kinds,
  type MailboxDocument,
  mailboxKey,
  NOBODYS,
} from './schema.js'
import type { Mutation, Unit } from './unit.js'
import { type Writes, write } from './writes.js'

/** What the next mutation of an account is likely to want again. */
const REMEMBERED: readonly CollectionName[] = [COLLECTIONS.name, COLLECTIONS.account]

/** Mutations that share an account or a name, in the order in which they came. */
export type Row = readonly Mutation<unknown>[]

export type Outcome = { readonly result: unknown } | { readonly error: unknown }

/** What one mutation has changed so far; it goes into the documents when the mutation succeeds. */
class MutationUnit implements Unit {
  readonly #documents: Documents
  readonly #runner: object
  readonly #begun = new Set<number>()
  readonly #drafts = new Map<string, { kind: Kind; id: string; document: Stored | null }>()

  constructor(documents: Documents, runner: object) {
    this.#documents = documents
    this.#runner = runner
  }

  async account(account: number): Promise<AccountDocument> {
    const found = await this.get('account', accountKey(account))
    if (found === undefined || found.state !== 'active') throw noSuchAccount(account)
    if (!this.#begun.has(account)) moveModseq(found)
    this.#begun.add(account)
    return found
  }

  async mailbox(account: number, mailbox: number): Promise<MailboxDocument> {
    const found = await this.get('mailbox', mailboxKey(account, mailbox))
    if (found === undefined || found.deleted_at !== null || found.selectable === 0)
      throw noSuchMailbox(account, mailbox)
    return found
  }

  async get<K extends Kind>(kind: K, id: string): Promise<Kinds[K] | undefined> {
    const [found] = await this.getAll(kind, [id])
    return found
  }

  async getAll<K extends Kind>(kind: K, ids: readonly string[]): Promise<(Kinds[K] | undefined)[]> {
    await this.#documents.load(this.#runner, kind, ids)
    return ids.map((id) => this.#draft(kind, id))
  }

  async range<K extends Kind>(
    kind: K,
    from: string,
    to: string,
    limit = Number.POSITIVE_INFINITY,
  ): Promise<Kinds[K][]> {
    const found = await this.#documents.range(this.#runner, kind, from, to, limit)
    return found.map(({ _id }) => this.#draft(kind, _id)).filter((document) => document !== undefined)
  }

  async look<K extends Kind>(
    kind: K,
    from: string,
    to: string,
    limit: number,
  ): Promise<readonly Readonly<Kinds[K]>[]> {
    const found = await this.#documents.look(this.#runner, kind, { from, to, limit })
    return found as unknown as readonly Readonly<Kinds[K]>[]
  }

  async keys(kind: Kind, from: string, to: string, limit: number): Promise<readonly string[]> {
    const found = await this.#documents.look(this.#runner, kind, { from, to, limit, fields: ['_id'] })
    return found.map(({ _id }) => _id)
  }

  async changedChunks(account: number, mailbox: number, since: number): Promise<readonly Uint8Array[]> {
    const found = await this.#documents.look(this.#runner, 'chunk', {
      ...chunkKeys(account, mailbox),
      limit: Number.POSITIVE_INFINITY,
      by: {
        index: 'by_modseq',
        filter: { account, mailbox, max_modseq: { $gt: since }, chunk: { $gte: 0 } },
        accepts: (document) => Number(document['max_modseq']) > since,
      },
      fields: ['cold'],
    })
    return found.map((document) => document['cold'] as Uint8Array)
  }

  insert<K extends Kind>(kind: K, document: Kinds[K]): void {
    this.#set(kind, document._id, document as unknown as Stored)
  }

  remove(kind: Kind, id: string): void {
    this.#set(kind, id, null)
  }

  commit(): void {
    for (const { kind, id, document } of this.#drafts.values()) {
      const before = this.#documents.slot(kind, id)?.now
      if (document === null || before === null || before === undefined || changes(before, document).any)
        this.#documents.put(kind, id, document)
    }
  }

  #set(kind: Kind, id: string, document: Stored | null): void {
    this.#drafts.set(`${COLLECTIONS[kind]} ${id}`, { kind, id, document })
  }

  #draft<K extends Kind>(kind: K, id: string): Kinds[K] | undefined {
    const draft = this.#drafts.get(`${COLLECTIONS[kind]} ${id}`)
    if (draft !== undefined) return (draft.document ?? undefined) as Kinds[K] | undefined
    const now = this.#documents.slot(kind, id)?.now
    if (now === null || now === undefined) return undefined
    const document = { ...now }
    this.#set(kind, id, document)
    return document as unknown as Kinds[K]
  }
}

interface Changes {
  readonly any: boolean
  readonly set: Record<string, unknown>
}

/** The fields of `after` that differ. Arrays and octets are replaced whole, so identity tells. */
function changes(before: Stored, after: Stored): Changes {
  const set: Record<string, unknown> = {}
  let any = false
  for (const field in after) {
    if (before[field] === after[field]) continue
    set[field] = after[field]
    any = true
  }
  return { any, set }
}

const isChanged = ({ base, now }: Slot): boolean =>
  base !== now && (base === null || base === undefined || now === null || changes(base, now).any)

export class Transaction {
  readonly #database: MongoDatabase
  readonly #session: ClientSession
  readonly #memory: Memory
  readonly #documents: Documents
  /** Accounts whose documents were taken from memory. */
  readonly #recalled = new Set<number>()
  /** Accounts whose version this transaction moved before it read anything of them. */
  readonly #claimed = new Set<number>()

  constructor(database: MongoDatabase, session: ClientSession, memory: Memory) {
    this.#database = database
    this.#session = session
    this.#memory = memory
    this.#documents = new Documents(database, session)
  }

  /**
   * Others write this account at this very time: it is locked before anything of it is read, so that a conflict shows at once,
   * and nobody comes between reading and writing. To be called before `run`.
   */
  async claim(account: number): Promise<void> {
    const claimed = await this.#database
      .collection('account')
      .findOneAndUpdate(
        { _id: accountKey(account) },
        { $inc: { version: 1 } },
        { session: this.#session, returnDocument: 'after' },
      )
    if (claimed === null) return
    this.#claimed.add(account)
    const document = claimed as unknown as Stored
    const remembered =
      this.#memory.versionOf(account) === claimed.version - 1 ? this.#memory.recall(account) : []
    this.#documents.assume([...remembered, { collection: COLLECTIONS.account, document }])
  }

  /** Runs the mutations of each row one after another, the rows side by side, and writes what they changed; commits nothing. */
  async run(rows: readonly Row[], outcomes: Map<Mutation<unknown>, Outcome>): Promise<void> {
    const accounts = new Set(rows.flatMap((row) => row.flatMap((mutation) => mutation.accounts)))
    for (const account of accounts) {
      if (this.#claimed.has(account)) continue
      const remembered = this.#memory.recall(account)
      if (remembered.length > 0) this.#recalled.add(account)
      this.#documents.assume(remembered)
    }
    // All begin before the first asks for anything: their loads go together.
    for (const row of rows) this.#documents.begin(row)
    const ended = await Promise.allSettled(rows.map((row) => this.#runRow(row, outcomes)))
    for (const end of ended) if (end.status === 'rejected') throw end.reason
    await this.#write(accounts)
  }

  /** After the commit: the documents as they stand now. */
  remember(accounts: Iterable<number>): void {
    for (const account of accounts) {
      const documents: Remembered[] = []
      const gone: string[] = []
      const own = accountKey(account)
      for (const collection of REMEMBERED)
        for (const [id, { base, now }] of this.#documents.slots(collection)) {
          if (now !== null && isOf(own, collection, now)) {
            if (id !== own) documents.push({ collection, document: now })
          } else if (base && isOf(own, collection, base)) gone.push(keyOf(collection, id))
        }
      const { base, now: document } = this.#documents.slot('account', own) ?? {}
      if (document === null || document === undefined) {
        this.#memory.forget(account)
        continue
      }
      const moved = this.#claimed.has(account) ? 1 : 0
      const version = base ? Number(base['version']) - moved : undefined
      // The last, so that it is the last to go.
      documents.push({ collection: COLLECTIONS.account, document })
      this.#memory.remember(account, version, documents, gone)
    }
  }

  async #runRow(row: Row, outcomes: Map<Mutation<unknown>, Outcome>): Promise<void> {
    try {
      await this.#prefetch(row)
      for (const mutation of row) outcomes.set(mutation, await this.#runOne(mutation, row))
    } finally {
      this.#documents.end(row)
    }
  }

  async #prefetch(row: Row): Promise<void> {
    const wanted: Promise<void>[] = []
    for (const { accounts, needs = [] } of row) {
      wanted.push(this.#documents.load(row, 'account', accounts.map(accountKey)))
      for (const { kind, id } of needs) wanted.push(this.#documents.load(row, kind, [id]))
    }
    await Promise.all(wanted)
  }

  async #runOne(mutation: Mutation<unknown>, row: object): Promise<Outcome> {
    const unit = new MutationUnit(this.#documents, row)
    try {
      const result = await mutation.run(unit)
      unit.commit()
      return { result }
    } catch (error) {
      if (error instanceof MongoError || isSocketError(error)) throw error
      return { error }
    }
  }

  async #write(accounts: ReadonlySet<number>): Promise<void> {
    const changed = this.#changed()
    const owners = new Set<number>()
    for (const [collection, ids] of changed)
      if (!NOBODYS.includes(collection)) for (const id of ids) owners.add(accountOfKey(id))
    for (const owner of owners) this.#moveVersion(owner, accounts, changed)
    await this.#verify([...this.#recalled].filter((account) => !owners.has(account)))
    for (const collection of COLLECTION_ORDER) {
      const ids = changed.get(collection)
      if (ids !== undefined) await this.#writeCollection(collection, ids)
    }
  }

  #changed(): Map<CollectionName, Set<string>> {
    const changed = new Map<CollectionName, Set<string>>()
    for (const collection of COLLECTION_ORDER)
      for (const [id, slot] of this.#documents.slots(collection)) {
        if (!isChanged(slot)) continue
        const ids = changed.get(collection) ?? new Set()
        changed.set(collection, ids.add(id))
      }
    return changed
  }

  #moveVersion(account: number, accounts: ReadonlySet<number>, changed: Map<CollectionName, Set<string>>) {
    const id = accountKey(account)
    const slot = this.#documents.slot('account', id)
    if (slot === undefined || !accounts.has(account))
      throw new Error(`a mutation changed account ${account}, which it did not name`)
    if (this.#claimed.has(account)) return
    const { base, now } = slot
    if (base !== null && base !== undefined && now !== null)
      slot.now = { ...now, version: Number(base['version']) + 1 }
    changed.set(COLLECTIONS.account, (changed.get(COLLECTIONS.account) ?? new Set()).add(id))
  }

  /** Nothing will be written that would prove what was remembered of these: it is asked for. */
  async #verify(accounts: readonly number[]): Promise<void> {
    if (accounts.length === 0) return
    const found = await this.#database
      .collection('account')
      .find(
        { _id: { $in: accounts.map(accountKey) } },
        { session: this.#session, projection: { version: 1 } },
      )
      .toArray()
    const versions = new Map(found.map(({ _id, version }) => [_id, version]))
    for (const account of accounts) {
      const id = accountKey(account)
      if (versions.get(id) !== this.#documents.slot('account', id)?.base?.['version'])
        throw new StaleMemory(`account ${account} has changed elsewhere`)
    }
  }

  async #writeCollection(collection: CollectionName, ids: ReadonlySet<string>): Promise<void> {
    const writes: Writes = { updates: [], inserts: [], deletes: [] }
    for (const id of ids) {
      const slot = this.#documents.slots(collection).get(id)
      if (slot === undefined) continue
      const { base, now } = slot
      // By its version: what was remembered of an account, or read before, is proved by the write.
      const version = collection === COLLECTIONS.account ? base?.['version'] : undefined
      const filter = version === undefined ? { _id: id } : { _id: id, version }
      if (now === null) writes.deletes.push({ filter })
      else if (base === null || base === undefined) writes.inserts.push(now)
      else writes.updates.push({ filter, set: changes(base, now).set })
    }
    // MongoDB keeps documents as they come: what is read together of an account's mail lies together.
    writes.inserts.sort((a, b) => (a._id < b._id ? -1 : 1))
    const matched = await write(this.#database.db, this.#session, collection, writes)
    if (matched !== writes.updates.length)
      throw new StaleMemory(`documents of ${collection} have changed elsewhere`)
  }
}
