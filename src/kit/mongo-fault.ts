// What an error of the MongoDB driver means to whoever waits: the server is away, or its disk is full.

import { MongoError } from 'mongodb'
import { TooLongError } from './within.js'

const OUT_OF_DISK_SPACE = 14031
const DUPLICATE_KEY = 11000

/** Undefined for what is no error of MongoDB's. */
export function mongoFaultOf(error: unknown): 'unavailable' | 'disk-full' | undefined {
  if (error instanceof TooLongError) return 'unavailable'
  if (!(error instanceof MongoError)) return undefined
  return Number(error.code) === OUT_OF_DISK_SPACE ? 'disk-full' : 'unavailable'
}

export const isDuplicateKey = (error: unknown): boolean =>
  error instanceof MongoError && Number(error.code) === DUPLICATE_KEY
