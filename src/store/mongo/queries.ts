// What queries of several kinds share.

import type { Document } from 'mongodb'
import { StoreError } from '../errors.js'
import { type AccountDocument, type CollectionName, keysBelow } from './schema.js'

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
  if (document === null || document === undefined || document.state !== 'active')
    throw new StoreError('no-such-account', `account ${account} does not exist`)
}
