// What an error of the MongoDB driver means to whoever waits: the server is away, or its disk is full.

import { MongoError } from 'mongodb'
import { TooLongError } from './within.js'

const OUT_OF_DISK_SPACE = 14031
const DUPLICATE_KEY = 11000

/** Of a socket that the other side has ended meanwhile: the driver passes these on as they are. */
const SOCKET_ENDED = new Set(['EPIPE', 'ECONNRESET', 'ERR_STREAM_DESTROYED', 'ERR_STREAM_WRITE_AFTER_END'])

export const isSocketError = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && SOCKET_ENDED.has(String(error.code))

/** Undefined for what is no error of MongoDB's. */
export function mongoFaultOf(error: unknown): 'unavailable' | 'disk-full' | undefined {
  if (error instanceof TooLongError || isSocketError(error)) return 'unavailable'
  if (!(error instanceof MongoError)) return undefined
  return Number(error.code) === OUT_OF_DISK_SPACE ? 'disk-full' : 'unavailable'
}

export const isDuplicateKey = (error: unknown): boolean =>
  error instanceof MongoError && Number(error.code) === DUPLICATE_KEY
