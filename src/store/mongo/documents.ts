// The documents of one transaction as its mutations see them: what was loaded, what was made of it, and the loads that wait
// for each other, so that one command reads for all. unit.ts says what a mutation may do; transaction.ts runs it.

import type { ClientSession, Filter } from 'mongodb'
import type { MongoDatabase } from './database.js'
import type { Remembered, Stored } from './memory.js'
import { COLLECTIONS, type CollectionName, type Kind } from './schema.js'

/** A document as MongoDB has it (null: not there; undefined: nobody has asked), and as the mutations so far leave it. */
export interface Slot {
  readonly base: Stored | null | undefined
  now: Stored | null
}

interface RangeWanted {
  readonly collection: CollectionName
  readonly from: string
  readonly to: string
  readonly limit: number
  readonly resolve: (documents: Stored[]) => void
}

/** What is read without being taken among the documents: nobody changes it. */
export interface Look {
  readonly from: string
  readonly to: string
  readonly limit: number
  /** The index that finds them, and what it is asked; without, all of the range, in the order of their keys. */
  readonly by?: {
    readonly index: string
    readonly filter: Record<string, unknown>
    /** The same of a document which the transaction has already. */
    readonly accepts: (document: Stored) => boolean
  }
  /** All where there are none. */
  readonly fields?: readonly string[]
}

interface LookWanted extends Look {
  readonly collection: CollectionName
  readonly resolve: (documents: Stored[]) => void
}

/** Collections in the order in which they are read and written. */
export const COLLECTION_ORDER: readonly CollectionName[] = [...new Set(Object.values(COLLECTIONS))]

export class Documents {
  readonly #database: MongoDatabase
  readonly #session: ClientSession
  readonly #slots = new Map<CollectionName, Map<string, Slot>>(
    COLLECTION_ORDER.map((collection) => [collection, new Map()]),
  )
  readonly #running = new Set<object>()
  readonly #waiting = new Set<object>()
  #wanted = new Map<CollectionName, Set<string>>()
  #ranges: RangeWanted[] = []
  #looks: LookWanted[] = []
  #heard: { resolve: () => void; reject: (error: unknown) => void }[] = []
  #reading = false
  /** After a command failed the transaction is over: nothing more is asked. */
  #failure: { readonly error: unknown } | undefined

  constructor(database: MongoDatabase, session: ClientSession) {
    this.#database = database
    this.#session = session
  }

  /** Takes what is remembered as if it had been read. */
  assume(remembered: readonly Remembered[]): void {
    for (const { collection, document } of remembered)
      this.slots(collection).set(document._id, { base: document, now: document })
  }

  slots(collection: CollectionName): Map<string, Slot> {
    // The map has all collections from the beginning.
    return this.#slots.get(collection) as Map<string, Slot>
  }

  slot(kind: Kind, id: string): Slot | undefined {
    return this.slots(COLLECTIONS[kind]).get(id)
  }

  put(kind: Kind, id: string, document: Stored | null): void {
    const slots = this.slots(COLLECTIONS[kind])
    const slot = slots.get(id)
    if (slot !== undefined) slot.now = document
    else slots.set(id, { base: document === null ? undefined : null, now: document })
  }

  /** Those who load belong to a runner: a read begins when every runner waits for one. */
  begin(runner: object): void {
    this.#running.add(runner)
  }

  end(runner: object): void {
    this.#running.delete(runner)
    this.#readSoon()
  }

  async load(runner: object, kind: Kind, ids: readonly string[]): Promise<void> {
    const collection = COLLECTIONS[kind]
    const slots = this.slots(collection)
    const missing = ids.filter((id) => !slots.has(id))
    if (missing.length === 0) return
    const wanted = this.#wanted.get(collection) ?? new Set()
    this.#wanted.set(collection, wanted)
    for (const id of missing) wanted.add(id)
    await this.#wait(runner)
  }

  /** As the mutations so far leave it, in order. */
  async range(runner: object, kind: Kind, from: string, to: string, limit: number): Promise<Stored[]> {
    const collection = COLLECTIONS[kind]
    let found: Stored[] = []
    const gone = this.#within(collection, from, to).filter(([, slot]) => slot.now === null).length
    this.#ranges.push({
      collection,
      from,
      to,
      limit: limit + gone,
      resolve: (documents) => {
        found = documents
      },
    })
    await this.#wait(runner)
    const slots = this.slots(collection)
    for (const document of found)
      if (!slots.has(document._id)) slots.set(document._id, { base: document, now: document })
    const ids = new Set(found.map((document) => document._id))
    for (const [id, slot] of this.#within(collection, from, to)) if (slot.now !== null) ids.add(id)
    return [...ids]
      .sort(byOctets)
      .map((id) => slots.get(id)?.now ?? null)
      .filter((document) => document !== null)
      .slice(0, limit)
  }

  /** As the mutations so far leave it, in order; the documents are not to be changed. */
  async look(runner: object, kind: Kind, look: Look): Promise<Stored[]> {
    const collection = COLLECTIONS[kind]
    const { from, to, limit, by } = look
    const gone = this.#within(collection, from, to).filter(([, slot]) => slot.now === null).length
    let found: Stored[] = []
    const resolve = (documents: Stored[]): void => {
      found = documents
    }
    this.#looks.push({ ...look, limit: limit + gone, collection, resolve })
    await this.#wait(runner)
    const slots = this.slots(collection)
    const known = this.#within(collection, from, to)
      .map(([, { now }]) => now)
      .filter((document) => document !== null)
      .filter((document) => by?.accepts(document) ?? true)
    return [...found.filter(({ _id }) => !slots.has(_id)), ...known]
      .sort((a, b) => byOctets(a._id, b._id))
      .slice(0, limit)
  }

  #within(collection: CollectionName, from: string, to: string): [string, Slot][] {
    return [...this.slots(collection)].filter(([id]) => byOctets(id, from) >= 0 && byOctets(id, to) < 0)
  }

  async #wait(runner: object): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure.error
    this.#waiting.add(runner)
    await new Promise<void>((resolve, reject) => {
      this.#heard.push({ resolve, reject })
      this.#readSoon()
    })
  }

  #readSoon(): void {
    if (this.#waiting.size < this.#running.size || this.#waiting.size === 0) return
    // In the next microtask: a runner may ask for several things at once.
    queueMicrotask(() => {
      if (this.#reading || this.#waiting.size < this.#running.size || this.#waiting.size === 0) return
      this.#reading = true
      void this.#read()
    })
  }

  async #read(): Promise<void> {
    const wanted = this.#wanted
    const ranges = this.#ranges
    const looks = this.#looks
    const heard = this.#heard
    this.#wanted = new Map()
    this.#ranges = []
    this.#looks = []
    this.#heard = []
    try {
      // One after another: a session in a transaction takes one command at a time.
      for (const [collection, ids] of wanted) await this.#readIds(collection, [...ids])
      for (const range of ranges) range.resolve(await this.#readRange(range))
      for (const look of looks) look.resolve(await this.#look(look))
    } catch (error) {
      this.#failure = { error }
    }
    this.#waiting.clear()
    this.#reading = false
    for (const { resolve, reject } of heard) {
      if (this.#failure === undefined) resolve()
      else reject(this.#failure.error)
    }
  }

  async #readIds(collection: CollectionName, ids: readonly string[]): Promise<void> {
    const slots = this.slots(collection)
    const found = await this.#database.db
      .collection<Stored>(collection)
      .find(
        { _id: ids.length === 1 ? (ids[0] ?? '') : { $in: ids } },
        { session: this.#session, batchSize: ids.length + 1 },
      )
      .toArray()
    for (const document of found as Stored[]) slots.set(document._id, { base: document, now: document })
    for (const id of ids) if (!slots.has(id)) slots.set(id, { base: null, now: null })
  }

  async #readRange({ collection, from, to, limit }: RangeWanted): Promise<Stored[]> {
    const found = await this.#database.db
      .collection<Stored>(collection)
      .find({ _id: { $gte: from, $lt: to } }, { session: this.#session })
      .sort({ _id: 1 })
      .limit(Number.isFinite(limit) ? limit : 0)
      .batchSize(Math.min(limit, 10_000) + 1)
      .toArray()
    return found as Stored[]
  }

  async #look({ collection, from, to, limit, by, fields = [] }: LookWanted): Promise<Stored[]> {
    const cursor = this.#database.db
      .collection<Stored>(collection)
      .find((by?.filter ?? { _id: { $gte: from, $lt: to } }) as Filter<Stored>, {
        session: this.#session,
        hint: by?.index ?? '_id_',
        projection: Object.fromEntries(fields.map((field) => [field, 1])),
      })
      .limit(Number.isFinite(limit) ? limit : 0)
      .batchSize(Math.min(limit, 10_000) + 1)
    return (await (by === undefined ? cursor.sort({ _id: 1 }) : cursor).toArray()) as Stored[]
  }
}

/** The order of keys in MongoDB: octets of UTF-8. */
export const byOctets = (a: string, b: string): number => {
  if (a === b) return 0
  return Buffer.compare(Buffer.from(a), Buffer.from(b))
}
