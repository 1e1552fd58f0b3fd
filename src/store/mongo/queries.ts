// What queries of several kinds share: ranges of keys, joins, and what is listed of an account.

import type { Document } from 'mongodb'
import { noSuchAccount } from '../errors.js'
import type { MongoDatabase } from './database.js'
import { type AccountDocument, accountKey, type CollectionName, type Kinds, keysBelow } from './schema.js'

/** For `_id`: all keys that begin with this one. */
export const rangeOf = (key: string) => {
  const { from, to } = keysBelow(key)
  return { $gte: from, $lt: to }
}

/** The documents whose `_id` is in `localField`, as `as`. */
export const lookup = (
  localField: string,
  from: CollectionName,
  as: string,
  fields?: Document,
): Document => ({
  $lookup: {
    from,
    localField,
    foreignField: '_id',
    as,
    ...(fields && { pipeline: [{ $project: fields }] }),
  },
})

/** Throws where the account is not there or is being removed. */
export function demandAccount(account: number, document: AccountDocument | null | undefined): void {
  if (document === null || document === undefined || document.state !== 'active') throw noSuchAccount(account)
}

/** All that an account has of a kind, in the order of its keys; throws as `demandAccount`. */
export function listOf<K extends 'address' | 'subscription'>(
  database: MongoDatabase,
  doing: string,
  kind: K,
  account: number,
): Promise<Kinds[K][]> {
  return database.read(doing, async (session) => {
    const _id = accountKey(account)
    demandAccount(account, await database.collection('account').findOne({ _id }, { session }))
    const found = await database
      .collection<'address' | 'subscription'>(kind)
      .find({ _id: rangeOf(_id) }, { session })
      .sort({ _id: 1 })
      .toArray()
    return found as Kinds[K][]
  })
}
