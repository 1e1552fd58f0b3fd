// Who uses the database: any number of servers, or one migration alone. Each first writes that it is there and then looks
// for the other, so that at least one of two that come at once sees the other. src/store/migration.ts.

import { randomUUID } from 'node:crypto'
import { hostname } from 'node:os'
import { setTimeout as pause } from 'node:timers/promises'
import { StoreError } from '../errors.js'
import { type Alone, halfArrived } from '../migration.js'
import type { MongoDatabase } from './database.js'
import { within } from './failures.js'
import { Lease } from './lease.js'
import { type StoreDocument, storeCollection } from './store-collection.js'

/** Of a server. Each costs a write every ten seconds. */
const SERVER_MS = 30_000
/** Of a migration: the next run of one that was killed waits for its end. */
const ALONE_MS = 9_000
const PATIENCE_MS = 10_000
const POLL_MS = 250
const ALONE = 'alone'
export const ARRIVAL = 'arrival'
/** Of servers: what follows is an id. */
const SERVER = 'server/'
const SERVERS = { $gte: SERVER, $lt: 'server0' }

const isAlive = { $expr: { $gt: ['$expires', '$$NOW'] } }
const isLapsed = { $expr: { $lte: ['$expires', '$$NOW'] } }

const refused = (why: string): StoreError => new StoreError('unavailable', why)

/** Repeats `renew`, three times in `ms`, until the returned function is called, which then calls `drop`. */
function keep(ms: number, renew: () => Promise<unknown>, drop: () => Promise<unknown>): () => Promise<void> {
  // Where MongoDB is away there is nobody either whom it could tell.
  const timer = setInterval(() => void renew().catch(() => {}), ms / 3).unref()
  return async () => {
    clearInterval(timer)
    await drop().catch(() => {})
  }
}

export async function serving(database: MongoDatabase): Promise<() => Promise<void>> {
  const store = storeCollection(database)
  const _id = SERVER + randomUUID()
  const expires = { $add: ['$$NOW', SERVER_MS] }
  const lease = { host: { $literal: hostname() }, pid: process.pid, expires }
  const renew = () => store.updateOne({ _id }, [{ $set: lease }], { upsert: true })
  const ask = <T>(work: Promise<T>) => within(database.timeoutMs, 'beginning to serve', work)
  const end = keep(SERVER_MS, renew, () => store.deleteOne({ _id }))
  try {
    await ask(renew())
    const arrival = await ask(store.findOne({ _id: ARRIVAL }))
    if (arrival !== null) throw halfArrived(arrival.from ?? 'elsewhere')
    if ((await ask(store.findOne({ _id: ALONE, ...isAlive }))) !== null)
      throw refused('a migration of this store is under way')
    await ask(store.deleteMany({ _id: SERVERS, ...isLapsed }))
    return end
  } catch (error) {
    await end()
    throw error
  }
}

export async function alone(database: MongoDatabase): Promise<Alone> {
  const lease = new Lease(database, ALONE, ALONE_MS)
  if (!(await takeInTime(lease))) throw refused('another migration of this store is under way')
  const end = keep(
    ALONE_MS,
    () => lease.renew(),
    () => lease.release(),
  )
  const demand = async (): Promise<void> => {
    if (!(await lease.renew()))
      throw refused(
        'MongoDB was away for so long that a server may have used this store meanwhile: give the same command again',
      )
  }
  try {
    const [server] = await within(database.timeoutMs, 'beginning a migration', aliveServers(database))
    if (server === undefined) return { demand, end }
    throw refused(
      `process ${server.pid} on ${server.host} serves this store: stop all servers first (one that was killed counts for ${SERVER_MS / 1000} s)`,
    )
  } catch (error) {
    await end()
    throw error
  }
}

async function takeInTime(lease: Lease): Promise<boolean> {
  const until = performance.now() + PATIENCE_MS
  for (;;) {
    if (await lease.take()) return true
    if (performance.now() > until) return false
    await pause(POLL_MS)
  }
}

const aliveServers = (database: MongoDatabase): Promise<StoreDocument[]> =>
  storeCollection(database)
    .find({ _id: SERVERS, ...isAlive })
    .limit(1)
    .toArray()
