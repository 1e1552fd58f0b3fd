// How the blob store reaches the database: typed calls of the writer, errors in the closed set that all stores share.

import { databaseErrorOf } from '../../kit/sqlite/connection.js'
import type { Database } from '../../kit/sqlite/database.js'
import { StoreError } from '../../store/errors.js'
import type { BlobCalls } from './mutations.js'

export type BlobWrite = <Name extends keyof BlobCalls>(
  name: Name,
  args: BlobCalls[Name][0],
) => Promise<BlobCalls[Name][1]>

function storeError(thrown: unknown): unknown {
  const error = databaseErrorOf(thrown)
  if (error === undefined) return thrown
  const { code, message } = error
  const known = code === 'disk-full' || code === 'corrupt' ? code : 'unavailable'
  return new StoreError(known, message, { cause: error })
}

export const writeTo =
  (database: Database): BlobWrite =>
  async (name, args) => {
    try {
      return (await database.run(`blobs.${name}`, args)) as BlobCalls[typeof name][1]
    } catch (error) {
      throw storeError(error)
    }
  }

/** A read whose errors are of the closed set. */
export async function* reading<T>(source: AsyncIterable<T>): AsyncIterable<T> {
  try {
    yield* source
  } catch (error) {
    throw storeError(error)
  }
}
