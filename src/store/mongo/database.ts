// The door to MongoDB: the driver's client, typed collections, and reads that never go back. docs/architecture.md,
// "MongoDB (cluster)": majority reads from the primary, in causally consistent sessions whose floor is the newest commit
// of this process, or the newest mailbox that it has read.

import {
  type ClientSession,
  type Collection,
  type CommandStartedEvent,
  type Db,
  type MongoClient,
  ReadConcern,
  type Timestamp,
} from 'mongodb'
import { databaseIn, newMongoClient } from '../../kit/mongo-client.js'
import { untilThere, within } from './failures.js'
import { isSharded, refuseStandalone } from './opening.js'
import { COLLECTIONS, type Kind, type Kinds } from './schema.js'

export const DEFAULT_TIMEOUT_MS = 10_000
/** Seconds that a transaction may live: what an instance that died inside one blocks, at the most. */
const TRANSACTION_LIFETIME = 10

export interface Notice {
  readonly level: 'info' | 'warn'
  readonly event: string
  readonly text: string
}

export interface MongoOptions {
  /** `mongodb://…/name?…`: hosts, TLS, authentication and the driver's options. Without a name: `eider`. */
  readonly url: string
  /** Milliseconds until a call answers `unavailable`. */
  readonly timeoutMs?: number
  /** What an administrator should read. */
  readonly onNotice?: (notice: Notice) => void
  /** Each command as it is sent, for counting and explaining. */
  readonly onCommand?: (event: CommandStartedEvent) => void
}

/** New each time: the driver writes the moment into it. */
export const atOneMoment = (session: ClientSession) => ({ session, readConcern: new ReadConcern('snapshot') })

export class MongoDatabase {
  readonly client: MongoClient
  readonly db: Db
  readonly timeoutMs: number
  readonly notify: (notice: Notice) => void
  /** Behind mongos: transactions of several accounts may cross shards. */
  readonly sharded: boolean
  readonly #floor: { operationTime?: Timestamp } = {}

  private constructor(client: MongoClient, options: MongoOptions, name: string, sharded: boolean) {
    this.client = client
    this.sharded = sharded
    this.timeoutMs = options.timeoutMs ?? DEFAULT_TIMEOUT_MS
    this.notify = options.onNotice ?? (() => {})
    this.db = client.db(name, {
      readConcern: new ReadConcern('majority'),
      readPreference: 'primary',
      writeConcern: { w: 'majority', journal: true },
    })
  }

  /** Throws StoreError `unavailable` where MongoDB cannot be reached, or Error where it cannot be used. */
  static async open(options: MongoOptions): Promise<MongoDatabase> {
    const timeoutMs = options.timeoutMs ?? DEFAULT_TIMEOUT_MS
    const client = newMongoClient(options.url, timeoutMs, options.onCommand !== undefined)
    if (options.onCommand !== undefined) client.on('commandStarted', options.onCommand)
    try {
      // Side by side: each may take the whole time where nobody answers.
      const opening = Promise.all([isSharded(client), refuseStandalone(options.url, timeoutMs)])
      const [sharded] = await within(timeoutMs, 'opening the store', opening)
      const database = new MongoDatabase(client, options, databaseIn(options.url), sharded)
      if (!sharded) {
        await database.#limitTransactions()
        // One that is started again, or elected, has a setting of its own.
        client.on('serverDescriptionChanged', ({ previousDescription, newDescription }) => {
          if (newDescription.type === 'RSPrimary' && previousDescription.type !== 'RSPrimary')
            database.#limitTransactions().catch(() => {})
        })
      }
      return database
    } catch (error) {
      await client.close()
      throw error
    }
  }

  collection<K extends Kind>(kind: K): Collection<Kinds[K]> {
    return this.db.collection<Kinds[K]>(COLLECTIONS[kind])
  }

  /** A session that sees at least what this process has committed. */
  startSession(): ClientSession {
    const session = this.client.startSession({ causalConsistency: true })
    this.raise(session)
    return session
  }

  /** Lifts a session's floor to the newest commit. */
  raise(session: ClientSession): void {
    if (this.#floor.operationTime !== undefined) session.advanceOperationTime(this.#floor.operationTime)
  }

  /**
   * After a commit in `session`, or a read: nothing is read any more from before it. What the majority has keeps nobody
   * waiting.
   */
  raiseFloor(session: ClientSession): void {
    const time = session.operationTime
    if (time !== undefined && this.#floor.operationTime?.greaterThanOrEqual(time) !== true)
      this.#floor.operationTime = time
  }

  /**
   * Runs a query of one or more commands, one after another; again from its start where MongoDB was away in between, as
   * long as there is time. Throws StoreError.
   */
  async read<T>(doing: string, query: (session: ClientSession) => Promise<T>): Promise<T> {
    const session = this.startSession()
    try {
      return await within(
        this.timeoutMs,
        doing,
        untilThere(this.timeoutMs, () => query(session)),
      )
    } finally {
      // Nothing is sent; it only goes back to the driver's pool.
      session.endSession().catch(() => {})
    }
  }

  /** Like `read`, but all of it as it stood at one moment; each query takes `atOneMoment`. */
  async snapshot<T>(doing: string, query: (session: ClientSession) => Promise<T>): Promise<T> {
    const session = this.client.startSession({ snapshot: true })
    try {
      return await within(this.timeoutMs, doing, query(session))
    } finally {
      session.endSession().catch(() => {})
    }
  }

  async close(): Promise<void> {
    await this.client.close()
  }

  /** A setting of the server: where it may not be set, an administrator is told to. */
  async #limitTransactions(): Promise<void> {
    const name = 'transactionLifetimeLimitSeconds'
    const admin = this.client.db('admin')
    const limit = async (): Promise<number> => {
      const answer = await admin.command({ getParameter: 1, [name]: 1 }).catch(() => ({}))
      return Number((answer as Record<string, unknown>)[name] ?? Number.NaN)
    }
    if ((await limit()) <= TRANSACTION_LIFETIME) return
    await admin.command({ setParameter: 1, [name]: TRANSACTION_LIFETIME }).catch(() => undefined)
    const now = await limit()
    if (now <= TRANSACTION_LIFETIME) return
    const found = Number.isNaN(now) ? 'cannot be read' : `is ${now}`
    this.notify({
      level: 'warn',
      event: 'transaction-lifetime',
      text: `MongoDB's ${name} ${found}: an instance that dies may block its accounts that long. Start mongod with --setParameter ${name}=${TRANSACTION_LIFETIME}`,
    })
  }
}
