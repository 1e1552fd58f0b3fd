// This process among those that share the database: a lease which names its sessions, so that what it leaves behind when
// it dies inside a transaction can be ended by others. docs/architecture.md, "MongoDB (cluster)".

import { randomUUID } from 'node:crypto'
import { hostname } from 'node:os'
import type { ClientSession, Collection } from 'mongodb'
import type { MongoDatabase } from './database.js'
import { storeError, within } from './failures.js'

interface InstanceDocument {
  readonly _id: string
  readonly host: string
  readonly pid: number
  readonly sessions: readonly unknown[]
  readonly expires: Date
}

export const INSTANCES = 'instances'
/** Milliseconds: with the second that others wait, well below the 5 s in which accounts are to be free again. */
const LEASE_MS = 2500
const RENEWAL_MS = 800
/** Between two looks for lapsed leases, while there are conflicts. */
const LOOK_MS = 500
/** A lease that lapsed this long ago names nobody's transactions any more: MongoDB itself has ended them. */
export const FORGOTTEN_S = 3600

export class Instance {
  readonly #database: MongoDatabase
  readonly #instances: Collection<InstanceDocument>
  readonly #id = randomUUID()
  readonly #sessions = new Set<ClientSession>()
  #busy = 0
  #renewed = Number.NEGATIVE_INFINITY
  #timer: NodeJS.Timeout | undefined
  #looked = Number.NEGATIVE_INFINITY

  constructor(database: MongoDatabase) {
    this.#database = database
    this.#instances = database.db.collection<InstanceDocument>(INSTANCES)
  }

  /** From here on the session's transactions are this instance's. */
  adopt(session: ClientSession): void {
    this.#sessions.add(session)
    this.#renewed = Number.NEGATIVE_INFINITY
  }

  /** Around each transaction: the lease is kept only while there is one. */
  begin(): void {
    this.#busy++
    this.#renewIfDue()
    this.#timer ??= setInterval(() => this.#renewIfDue(), RENEWAL_MS / 2).unref()
  }

  end(): void {
    this.#busy--
    if (this.#busy > 0) return
    clearInterval(this.#timer)
    this.#timer = undefined
  }

  /** A write by the majority: shows that the store can take one. Throws StoreError. */
  async ping(): Promise<void> {
    await within(this.#database.timeoutMs, 'ping', this.#renew('majority'))
  }

  /** Ends the sessions of instances whose lease lapsed, and forgets them. */
  async endLapsed(): Promise<void> {
    const now = performance.now()
    if (now - this.#looked < LOOK_MS) return
    this.#looked = now
    await this.#endLapsed()
  }

  async close(): Promise<void> {
    clearInterval(this.#timer)
    await this.#instances.deleteOne({ _id: this.#id }, { writeConcern: { w: 1 } }).catch(() => undefined)
  }

  #renewIfDue(): void {
    if (performance.now() - this.#renewed < RENEWAL_MS) return
    // Where MongoDB is away the transactions say so.
    this.#renew(1).catch(() => {})
  }

  async #renew(w: 1 | 'majority'): Promise<void> {
    this.#renewed = performance.now()
    const sessions = [...this.#sessions].map((session) => session.id).filter((id) => id !== undefined)
    await this.#instances.updateOne(
      { _id: this.#id },
      [
        {
          $set: {
            host: { $literal: hostname() },
            pid: process.pid,
            sessions: { $literal: sessions },
            // By the clock of MongoDB, as others judge it.
            expires: { $add: ['$$NOW', LEASE_MS] },
          },
        },
      ],
      { upsert: true, writeConcern: { w } },
    )
  }

  async #endLapsed(): Promise<void> {
    const lapsed = await this.#instances
      // Ids of sessions are UUIDs, which a Buffer would not be.
      .find(
        { $expr: { $lt: ['$expires', '$$NOW'] } },
        { readConcern: { level: 'local' }, promoteBuffers: false },
      )
      .toArray()
    for (const { _id, host, pid, sessions } of lapsed) {
      try {
        if (sessions.length > 0) await this.#database.client.db('admin').command({ killSessions: sessions })
        await this.#instances.deleteOne({ _id, $expr: { $lt: ['$expires', '$$NOW'] } })
        const text = `ended ${sessions.length} sessions of instance ${host}/${pid}, whose lease had lapsed`
        this.#database.notify({ level: 'info', event: 'instance-lapsed', text })
      } catch (error) {
        const cause = storeError(error, 'ending the sessions of an instance whose lease had lapsed')
        this.#database.notify({ level: 'warn', event: 'instance-lapsed', text: String(cause) })
      }
    }
  }
}
