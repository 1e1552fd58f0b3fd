// What the writer thread runs: modules of named mutations, loaded by URL, each with the tables that it needs. Several rooms
// of Eider keep their tables in one file this way without knowing of each other.

import type { Connection } from './connection.js'

/**
 * Runs inside a transaction that it shares with others: by throwing it undoes what it did, and only that. May run again from the
 * start where another of its group failed.
 */
export type Mutation = (args: never) => unknown

export interface MutationModule {
  /** Prefix of its mutations' names (`name.mutation`), and its row in the table of schema versions. */
  readonly name: string
  /** SQL, by number from 1: never changed once released, only added to. */
  readonly migrations: readonly string[]
  /** Called for each connection: prepares its statements once. Must keep no state that a rollback would falsify. */
  readonly mutations: (db: Connection) => Readonly<Record<string, Mutation>>
}

const VERSIONS =
  'CREATE TABLE IF NOT EXISTS schema_version (module TEXT PRIMARY KEY, version INTEGER NOT NULL)'

/**
 * Brings a module's tables up to date, each migration a transaction. PRAGMA user_version holds the sum of all, so that any
 * SQLite tool shows whether two files are alike; the table tells the modules apart.
 */
export function migrate(db: Connection, module: MutationModule): void {
  db.exec(VERSIONS)
  const find = db.prepare('SELECT version FROM schema_version WHERE module = ?').pluck()
  const stored = Number(find.get(module.name) ?? 0)
  if (stored > module.migrations.length) {
    throw new Error(
      `the database has version ${stored} of the tables of ${module.name}, this program knows ${module.migrations.length}: start a newer Eider`,
    )
  }
  for (let version = stored + 1; version <= module.migrations.length; version++)
    applyMigration(db, module, version)
}

function applyMigration(db: Connection, module: MutationModule, version: number): void {
  db.transaction(() => {
    db.exec(module.migrations[version - 1] ?? '')
    db.prepare('INSERT OR REPLACE INTO schema_version VALUES (?, ?)').run(module.name, version)
    const sum = db.prepare('SELECT sum(version) FROM schema_version').pluck().get()
    db.pragma(`user_version = ${Number(sum)}`)
  }).immediate()
}
