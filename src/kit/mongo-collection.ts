// Makes a collection of MongoDB with its indexes, by any number of instances at once.

import { randomBytes } from 'node:crypto'
import { type Db, type IndexDescription, MongoServerError } from 'mongodb'

const NAMESPACE_EXISTS = 48

/**
 * Idempotent. Each instance that finds none makes one under a name of its own and renames it: one of them wins, and the
 * collection is there with all its indexes or not at all. Many that create the same name at once, be it by an insert,
 * retry against each other inside the server (MongoDB 7.0 under Wine hangs so for ever).
 */
export async function makeCollection(
  db: Db,
  name: string,
  indexes: readonly IndexDescription[] = [],
): Promise<void> {
  const found = await db.listCollections({ name }, { nameOnly: true }).toArray()
  if (found.length > 0) {
    if (indexes.length > 0) await db.collection(name).createIndexes([...indexes])
    return
  }
  const made = await db.createCollection(`${name}.new.${randomBytes(8).toString('hex')}`)
  if (indexes.length > 0) await made.createIndexes([...indexes])
  try {
    await made.rename(name)
  } catch (error) {
    if (!(error instanceof MongoServerError) || error.code !== NAMESPACE_EXISTS) throw error
    await made.drop()
  }
}
