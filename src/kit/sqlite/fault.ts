// Faults for tests of the writer: at its nth statement it dies, or finds the disk full. Off unless the environment says so.

import SQLite from 'better-sqlite3'
import type { Connection } from './connection.js'

/**
 * `EIDER_TEST_FAULT=crash:N` kills the process at the Nth statement that the writer runs after it opened; `full:N` ends the
 * transaction there as a full disk does, once; `commit:N` makes the Nth COMMIT fail, once;
 * `committed:N` lets it take effect and fail nevertheless, as where only the answer of the disk is lost; `commit-anew:N` makes it fail
 * with the WAL begun anew, as where the first page that is written over the old ones meets an error.
 */
interface Fault {
  readonly kind: string
  readonly at: number
}

function wantedFault(): Fault | undefined {
  const [kind = '', at] = (process.env['EIDER_TEST_FAULT'] ?? '').split(':')
  return kind === '' ? undefined : { kind, at: Number(at) }
}

function fail(db: Connection, kind: string): never {
  if (kind === 'crash') process.kill(process.pid, 'SIGKILL')
  if (kind === 'committed') {
    db.exec('COMMIT')
    throw new SQLite.SqliteError('made by EIDER_TEST_FAULT', 'SQLITE_IOERR_FSYNC')
  }
  if (db.inTransaction) db.exec('ROLLBACK')
  if (kind === 'commit-anew') db.pragma('wal_checkpoint(TRUNCATE)')
  throw new SQLite.SqliteError('made by EIDER_TEST_FAULT', 'SQLITE_FULL')
}

let steps = 0

/** Counts every run, get and all of the statements prepared from now on. */
export function installFault(db: Connection): void {
  const fault = wantedFault()
  if (fault === undefined) return
  const prepare = db.prepare.bind(db)
  const step = (source: string) => {
    if (fault.kind.startsWith('commit') && source !== 'COMMIT') return
    if (++steps === fault.at) fail(db, fault.kind)
  }
  const counted = (source: string) => {
    const statement = prepare(source)
    for (const method of ['run', 'get', 'all'] as const) {
      const original = statement[method].bind(statement) as (...args: unknown[]) => never
      statement[method] = (...args: unknown[]) => {
        step(source)
        return original(...args)
      }
    }
    return statement
  }
  db.prepare = counted as typeof db.prepare
}
