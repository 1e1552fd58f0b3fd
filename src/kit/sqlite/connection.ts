// A connection to the embedded database: its settings, and what its errors mean. https://sqlite.org/wal.html,
// https://sqlite.org/rescode.html; docs/adr/0002.

import { closeSync, openSync } from 'node:fs'
import SQLite from 'better-sqlite3'

export type Connection = SQLite.Database

/** Marks the file as Eider's ("EIDR"), so that a foreign database is refused. */
const APPLICATION_ID = 0x45494452
const BUSY_MS = 10_000
/** KiB of page cache a connection; the operating system caches the rest. */
const WRITER_CACHE_KIB = 8_192
/** The system's page cache holds the file; a large one of our own would fill with the pieces of large bodies. */
const READER_CACHE_KIB = 4_096
/** Octets of the file that are mapped, at the most: SQLite's own limit is just below it. */
const MAPPED = 2 ** 31
/** Pages of the WAL past which the writer checkpoints after a commit. */
const CHECKPOINT_PAGES = 4_000

/**
 * `disk-full`: nothing was changed. `unavailable`: nothing is known to have been changed. Any other code is a mutation's own.
 */
export class DatabaseError extends Error {
  override readonly name = 'DatabaseError'
  readonly code: string

  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}

/** FULL is the only value for production; a test of power loss uses OFF to prove that it would notice. */
function synchronous(): string {
  return process.env['EIDER_TEST_SYNCHRONOUS'] === 'OFF' ? 'OFF' : 'FULL'
}

function claimFile(db: Connection, file: string): void {
  const id = db.pragma('application_id', { simple: true })
  if (id === APPLICATION_ID) return
  const tables = db.prepare('SELECT count(*) FROM sqlite_master').pluck().get()
  if (id !== 0 || tables !== 0) throw new DatabaseError('corrupt', `${file} is not a database of Eider`)
  db.pragma(`application_id = ${APPLICATION_ID}`)
}

/** The one connection that writes. Creates the file, readable by its owner alone, where it is not there. */
export function openForWriting(file: string): Connection {
  closeSync(openSync(file, 'a', 0o600))
  const db = new SQLite(file, { timeout: BUSY_MS })
  try {
    // Only for a new file: on another it is a write, which a full disk refuses.
    if (db.pragma('page_count', { simple: true }) === 0) db.pragma('auto_vacuum = INCREMENTAL')
    db.pragma('journal_mode = WAL')
    db.pragma(`synchronous = ${synchronous()}`)
    db.pragma('foreign_keys = OFF')
    // Savepoints keep pages aside: in a file where this is not said, made and deleted again for each large group.
    db.pragma('temp_store = MEMORY')
    db.pragma(`wal_autocheckpoint = ${CHECKPOINT_PAGES}`)
    db.pragma(`cache_size = -${WRITER_CACHE_KIB}`)
    claimFile(db, file)
    return db
  } catch (error) {
    db.close()
    throw error
  }
}

export function openForReading(file: string): Connection {
  const db = new SQLite(file, { readonly: true, fileMustExist: true, timeout: BUSY_MS })
  db.pragma(`cache_size = -${READER_CACHE_KIB}`)
  return db
}

/**
 * The same for much at a time: pages are read where the system has them, without a call for each
 * (https://sqlite.org/mmap.html). SQLite maps the file anew at the first read after each commit, which few small reads would
 * pay for dearly.
 */
export function openForReadingMuch(file: string): Connection {
  const db = openForReading(file)
  db.pragma(`mmap_size = ${MAPPED}`)
  return db
}

const sqliteCode = (error: unknown): string | undefined =>
  error instanceof SQLite.SqliteError ? error.code : undefined

/** The file system refuses to take more, or to be written at all: extended codes that a full disk was seen to give. */
const DISK_FULL = /^SQLITE_(FULL|READONLY.*|IOERR_(WRITE|SHMSIZE|SHMOPEN|TRUNCATE)|CANTOPEN.*)$/
const CORRUPT = /^SQLITE_(CORRUPT.*|NOTADB)$/
const ERRNO_FULL = new Set(['ENOSPC', 'EDQUOT', 'EROFS', 'EACCES', 'EPERM'])

/** What an error thrown by the database, or passed on from a mutation, means; undefined for any other. */
export function databaseErrorOf(error: unknown): DatabaseError | undefined {
  if (error instanceof DatabaseError) return error
  const code = sqliteCode(error)
  if (code !== undefined) {
    const kind = DISK_FULL.test(code) ? 'disk-full' : CORRUPT.test(code) ? 'corrupt' : 'unavailable'
    return new DatabaseError(kind, `${(error as Error).message} (${code})`, { cause: error })
  }
  // What better-sqlite3 says of a statement run after close().
  if (error instanceof TypeError && /database connection is not open/.test(error.message))
    return new DatabaseError('unavailable', 'the database is closed', { cause: error })
  return undefined
}

/** The same for whatever was thrown while a mutation ran: errors that carry a code of their own keep it. */
export function databaseError(error: unknown): DatabaseError {
  const known = databaseErrorOf(error)
  if (known !== undefined) return known
  const message = error instanceof Error ? error.message : String(error)
  const own = error instanceof Error && 'code' in error ? String(error.code) : 'unavailable'
  return new DatabaseError(ERRNO_FULL.has(own) ? 'disk-full' : own, message, { cause: error })
}
