// One process a folder. The lock is SQLite's exclusive lock on an empty database: the kernel takes it back from whoever
// dies, SIGKILL included, which neither a pid file nor a socket's name does.

import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'

export interface Holder {
  readonly pid: number
  /** What it does with the folder. */
  readonly purpose: string
}

export interface FolderLock {
  release(): void
}

/** The lock, or who holds it (undefined where that could not be read). Throws, naming it, where the folder cannot be written. */
export function lockFolder(
  folder: string,
  purpose: string,
): { readonly lock: FolderLock } | { readonly holder: Holder | undefined } {
  const holderFile = join(folder, 'lock.json')
  let database: Database.Database | undefined
  try {
    database = new Database(join(folder, 'lock'), { timeout: 0 })
    database.exec('BEGIN EXCLUSIVE')
  } catch (error) {
    database?.close()
    const { code, message } = error as { code?: string; message: string }
    if (code?.startsWith('SQLITE_BUSY')) return { holder: readHolder(holderFile) }
    throw new Error(`cannot lock ${folder} as user ${process.geteuid?.()}: ${message}`, { cause: error })
  }
  writeFileSync(holderFile, JSON.stringify({ pid: process.pid, purpose }), { mode: 0o600 })
  const release = (): void => {
    rmSync(holderFile, { force: true })
    database.close()
  }
  return { lock: { release } }
}

/** Only for the message: the file of one that was killed is stale, but then nobody holds the lock. */
function readHolder(file: string): Holder | undefined {
  try {
    const { pid, purpose } = JSON.parse(readFileSync(file, 'utf8')) as Partial<Holder>
    return typeof pid === 'number' ? { pid, purpose: String(purpose) } : undefined
  } catch {
    return undefined
  }
}
