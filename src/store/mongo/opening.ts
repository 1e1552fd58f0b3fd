// What is found out of a MongoDB before it is used: its kind, and whether it can run transactions.

import { type Document, MongoClient } from 'mongodb'
import { StoreError } from '../errors.js'

const INITIATE = 'run once  mongosh --eval "rs.initiate()"'

/** scheme, credentials, hosts, name, options */
const URL_FORM = /^(mongodb:\/\/)([^/?]*@)?([^/?@]+)(?:\/([^?]*))?(?:\?(.*))?$/

/** The first host by itself: as a set the driver never reaches a mongod that belongs to none. */
function urlOfFirst(url: string): string | undefined {
  const [, scheme = '', credentials = '', hosts = '', , options = ''] = URL_FORM.exec(url) ?? []
  const [host] = hosts.split(',')
  if (host === undefined || host === '') return undefined
  const kept = options.split('&').filter((option) => !/^(replicaSet|directConnection)=|^$/i.test(option))
  return `${scheme}${credentials}${host}/?${[...kept, 'directConnection=true'].join('&')}`
}

/** Throws StoreError where the first host answers and transactions cannot run there: they need a replica set. */
export async function refuseStandalone(url: string, timeoutMs: number): Promise<void> {
  const direct = urlOfFirst(url)
  if (direct === undefined) return
  const client = new MongoClient(direct, {
    serverSelectionTimeoutMS: Math.min(timeoutMs, 2000),
    connectTimeoutMS: timeoutMs,
    socketTimeoutMS: timeoutMs,
  })
  let hello: Document
  try {
    hello = await client.db('admin').command({ hello: 1 })
  } catch {
    // It may be the one that is away: the others will tell.
    return
  } finally {
    await client.close()
  }
  if (hello['msg'] === 'isdbgrid' || typeof hello['setName'] === 'string') return
  if (hello['isreplicaset'] === true)
    throw new StoreError(
      'unavailable',
      `this mongod was started with --replSet, but its replica set has not been initiated: ${INITIATE}`,
    )
  throw new StoreError(
    'unavailable',
    `this mongod stands alone, and transactions need a replica set, if only of one member: start it with  mongod --replSet rs0 …  and ${INITIATE}`,
  )
}

/** Whether mongos answers. Throws the driver's errors. */
export async function isSharded(client: MongoClient): Promise<boolean> {
  await client.connect()
  const hello = await client.db('admin').command({ hello: 1 })
  return hello['msg'] === 'isdbgrid'
}
