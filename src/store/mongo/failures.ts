// What an error of the driver or of MongoDB means for a transaction, and as one of the store's closed set.
// docs/architecture.md, "MongoDB (cluster)"; the labels are those of MongoDB's transactions specification.

import {
  MongoBulkWriteError,
  MongoError,
  MongoNetworkError,
  MongoServerError,
  MongoServerSelectionError,
} from 'mongodb'
import { isSocketError } from '../../kit/mongo-fault.js'
import { StoreError } from '../errors.js'

/** What was remembered of an account is not so any more: the body runs again, and reads. */
export class StaleMemory extends Error {
  override readonly name = 'StaleMemory'
}

/** Somebody has been answered already that their mutation failed: it must not be committed. */
export class Abandoned extends Error {
  override readonly name = 'Abandoned'
}

/** What became of a commit is not known, and nobody tells: it must not run again. */
export class CommitUnknown extends Error {
  override readonly name = 'CommitUnknown'
}

export type Failure =
  /** Another transaction holds or changed what this one wants. */
  | 'conflict'
  | 'stale'
  | 'abandoned'
  /** No primary can be reached, or it stepped down: the same again, later. */
  | 'away'
  | 'unknown'
  /** Runs again to no avail. */
  | 'final'

/** Milliseconds before MongoDB is tried again where it was away. */
export const AWAY_MS = 200

const LOCK_TIMEOUT = 24
const WRITE_CONFLICT = 112
const DUPLICATE_KEY = 11000
const CONFLICTS = new Set([LOCK_TIMEOUT, WRITE_CONFLICT, DUPLICATE_KEY])
/** Not primary any more, shutting down, interrupted by an election, host not reached, shards moving. */
const AWAY = new Set([6, 7, 89, 91, 133, 134, 189, 262, 9001, 10107, 11600, 11602, 13388, 13435, 13436])
const OUT_OF_DISK_SPACE = 14031

const UNREACHED = ['MongoPoolClearedError', 'MongoWaitQueueTimeoutError', 'MongoTopologyClosedError']

const isAway = (error: MongoError): boolean =>
  error instanceof MongoNetworkError ||
  error instanceof MongoServerSelectionError ||
  UNREACHED.includes(error.name) ||
  AWAY.has(Number(error.code))

/** What a bulk write failed of, where that is more than a refusal: its own class says nothing of it. */
const beneath = (error: unknown): unknown =>
  error instanceof MongoBulkWriteError && error.errorResponse instanceof MongoError
    ? error.errorResponse
    : error

export function failureOf(thrown: unknown): Failure {
  const error = beneath(thrown)
  if (error instanceof StaleMemory) return 'stale'
  if (error instanceof Abandoned) return 'abandoned'
  if (error instanceof CommitUnknown) return 'unknown'
  if (isSocketError(error)) return 'away'
  if (!(error instanceof MongoError)) return 'final'
  if (isAway(error)) return 'away'
  if (CONFLICTS.has(Number(error.code)) || error.hasErrorLabel('TransientTransactionError')) return 'conflict'
  return 'final'
}

/** A commit that failed for certain: all of it may run again. */
export const isCertain = (error: unknown): boolean =>
  error instanceof MongoError && error.hasErrorLabel('TransientTransactionError')

/**
 * The commit may have happened: only asking again, on its session, tells. The driver labels nothing where a connection ends
 * whose pool was cleared meanwhile, because another one had ended.
 */
export const isUnknownCommit = (error: unknown): boolean =>
  isSocketError(error) ||
  (error instanceof MongoError && (isAway(error) || error.hasErrorLabel('UnknownTransactionCommitResult')))

/** An error of the database as one of the closed set; what is neither is a defect, and stays what it is. */
export function storeError(thrown: unknown, doing: string): unknown {
  const error = beneath(thrown)
  if (error instanceof CommitUnknown)
    return new StoreError('unavailable', `${doing}: ${error.message}`, { cause: error })
  if (isSocketError(error))
    return new StoreError('unavailable', `${doing}: MongoDB is away: ${String(error)}`, { cause: error })
  if (!(error instanceof MongoError)) return error
  const code = Number(error.code) === OUT_OF_DISK_SPACE ? 'disk-full' : 'unavailable'
  const where = error instanceof MongoServerError ? 'MongoDB refused' : 'MongoDB is away'
  return new StoreError(code, `${doing}: ${where}: ${error.message}`, { cause: error })
}

/** The same, or `unavailable` after `ms`: the driver's own limits add up to more. */
export async function within<T>(ms: number, doing: string, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new StoreError('unavailable', `${doing}: MongoDB has not answered within ${ms} ms`)),
      ms,
    )
  })
  try {
    return await Promise.race([work, late])
  } catch (error) {
    throw storeError(error, doing)
  } finally {
    clearTimeout(timer)
  }
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

/** Asks again where MongoDB was away, as long as there is time. */
export async function untilThere<T>(ms: number, ask: () => Promise<T>): Promise<T> {
  const until = performance.now() + ms - AWAY_MS
  for (;;) {
    try {
      return await ask()
    } catch (error) {
      if (failureOf(error) !== 'away' || performance.now() > until) throw error
      await pause(AWAY_MS)
    }
  }
}
