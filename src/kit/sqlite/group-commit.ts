// Group commit: what waits when a commit begins shares one transaction and one fsync, and nobody is answered before COMMIT
// returned. Where a mutation fails, its group is undone and runs again with a savepoint around each: savepoints keep a copy of
// every page that changes, which nearly all groups can do without. docs/adr/0002.

import {
  type Connection,
  DatabaseError,
  databaseError,
  openForReading,
  openForWriting,
} from './connection.js'
import { installFault } from './fault.js'
import { type Mutation, type MutationModule, migrate } from './mutations.js'
import type { Outcome, Request } from './protocol.js'

/** A group takes no more once it has run this long, or holds this many: whoever waits for it has waited long enough. */
const GROUP_MS = 10
const GROUP_REQUESTS = 512

interface Statements {
  readonly begin: () => unknown
  readonly savepoint: () => unknown
  readonly release: () => unknown
  readonly undo: () => unknown
  readonly commit: () => unknown
  readonly rollback: () => unknown
}

function statementsOf(db: Connection): Statements {
  const runner = (sql: string) => {
    const statement = db.prepare(sql)
    return () => statement.run()
  }
  return {
    begin: runner('BEGIN IMMEDIATE'),
    savepoint: runner('SAVEPOINT mutation'),
    release: runner('RELEASE mutation'),
    undo: runner('ROLLBACK TO mutation'),
    commit: runner('COMMIT'),
    rollback: runner('ROLLBACK'),
  }
}

const failure = (id: number, error: unknown): Outcome => {
  const { code, message } = databaseError(error)
  return { id, error: { code, message } }
}

/** A mutation failed where nothing can undo it but the end of its group. */
class MutationFailed extends Error {}

/** COMMIT failed, and what became of the group cannot be found out: it must neither be acknowledged nor run again. */
class Undecided extends DatabaseError {}

const undecided = (cause: unknown): Undecided =>
  new Undecided('unavailable', 'COMMIT failed, and whether it took effect is not known', { cause })

const causeOf = (error: unknown): unknown => (error instanceof MutationFailed ? error.cause : error)

export class GroupCommit {
  readonly #file: string
  readonly #modules: readonly MutationModule[]
  #db: Connection | undefined
  #run: Statements | undefined
  #mutations = new Map<string, Mutation>()
  readonly #witness: Connection
  /**
   * A number that changes with each commit of the writer's, and where the WAL is begun anew;
   * https://sqlite.org/pragma.html#pragma_data_version.
   */
  readonly #dataVersion: () => unknown
  /** That number before the group that comes next, where it was read in time. */
  #before: unknown

  /** Opens the file and brings its tables up to date; throws what stands in the way. */
  constructor(file: string, modules: readonly MutationModule[]) {
    this.#file = file
    this.#modules = modules
    const db = openForWriting(file)
    for (const module of modules) migrate(db, module)
    this.#use(db)
    this.#witness = openForReading(file)
    const version = this.#witness.prepare('PRAGMA data_version').pluck()
    this.#dataVersion = () => version.get()
  }

  /** Leaves the file whole, with an empty WAL, where the disk allows it. */
  close(): void {
    this.#witness.close()
    try {
      this.#db?.pragma('wal_checkpoint(TRUNCATE)')
    } catch {
      // On a full disk the WAL keeps what was committed, and the next start reads it.
    }
    this.#db?.close()
    this.#db = undefined
  }

  /**
   * Runs what waits in `queue`, and what `more` gives meanwhile, as one group, and takes it out of the queue; what does not fit
   * any more stays there. Never throws.
   */
  commit(queue: Request[], more: () => Request[]): Outcome[] {
    return this.#commit(queue, more, false)
  }

  /** Does what the next group needs while nobody waits: to be called once a group has been answered. Never throws. */
  lookAhead(): void {
    try {
      this.#before = this.#dataVersion()
    } catch {
      // The next group asks again, and is told of it.
    }
  }

  #commit(queue: Request[], more: () => Request[], savepoints: boolean): Outcome[] {
    const taken: Request[] = []
    const next = (): Request | undefined => {
      if (queue.length === 0) queue.push(...more())
      const request = queue.shift()
      if (request !== undefined) taken.push(request)
      return request
    }
    try {
      return this.#runGroup(next, savepoints)
    } catch (error) {
      if (taken.length === 1 || error instanceof Undecided)
        return taken.map(({ id }) => failure(id, causeOf(error)))
      if (error instanceof MutationFailed) {
        const outcomes = this.#commit(taken, () => [], true)
        queue.unshift(...taken)
        return outcomes
      }
      return taken.flatMap((request) => this.commit([request], () => []))
    }
  }

  #use(db: Connection): void {
    this.#db = db
    installFault(db)
    this.#mutations = new Map()
    for (const module of this.#modules) {
      for (const [name, mutation] of Object.entries(module.mutations(db)))
        this.#mutations.set(`${module.name}.${name}`, mutation)
    }
    // Last: where anything before it fails, the next group opens the file again.
    this.#run = statementsOf(db)
  }

  /** After a failed COMMIT only the file knows what was committed: everything kept in memory is dropped with the connection. */
  #reopen(): Statements {
    const db = this.#db
    this.#db = undefined
    this.#run = undefined
    db?.close()
    this.#use(openForWriting(this.#file))
    if (this.#run === undefined) throw new Error('unreachable: #use sets the statements')
    return this.#run
  }

  /** Throws where nobody of the group may be acknowledged, with the transaction ended. */
  #runGroup(next: () => Request | undefined, savepoints: boolean): Outcome[] {
    const until = performance.now() + GROUP_MS
    const outcomes: Outcome[] = []
    // The first is taken before anything can fail, so that somebody is told.
    let request = next()
    const run = this.#run ?? this.#reopen()
    const before = this.#before ?? this.#dataVersion()
    this.#before = undefined
    try {
      run.begin()
      while (request !== undefined) {
        outcomes.push(savepoints ? this.#runApart(run, request) : this.#runOne(request))
        request = outcomes.length < GROUP_REQUESTS && performance.now() < until ? next() : undefined
      }
    } catch (error) {
      if (this.#inTransaction) run.rollback()
      throw error
    }
    this.#commitOrFindOut(run, before)
    return outcomes
  }

  /** Throws where the group did not take effect. */
  #commitOrFindOut(run: Statements, before: unknown): void {
    try {
      run.commit()
    } catch (error) {
      let reopened: unknown
      try {
        this.#reopen()
      } catch (failed) {
        // The next group tries again; what these are told is why COMMIT failed.
        reopened = failed
      }
      if (!this.#changed(before, error) || !this.#makeDurable(reopened ?? error)) throw error
    }
  }

  /** Whether the file is not as it was before the group: COMMIT took effect, or has only begun the WAL anew. */
  #changed(before: unknown, cause: unknown): boolean {
    try {
      return this.#dataVersion() !== before
    } catch {
      throw undecided(cause)
    }
  }

  /**
   * What COMMIT wrote is there, but perhaps not on the disk: it is copied into the file, which is synchronised. False where
   * there is nothing: a WAL that was begun anew has no frame until a COMMIT has taken effect
   * (https://sqlite.org/pragma.html#pragma_wal_checkpoint).
   */
  #makeDurable(cause: unknown): boolean {
    try {
      const checkpoint = this.#db?.prepare<[], { busy: number; log: number }>('PRAGMA wal_checkpoint(FULL)')
      const state = checkpoint?.get()
      if (state?.log === 0) return false
      if (state?.busy === 0 && state.log > 0) return true
    } catch {
      // Told below.
    }
    throw undecided(cause)
  }

  #mutate({ name, args }: Request): unknown {
    const mutation = this.#mutations.get(name)
    if (mutation === undefined) throw new Error(`no mutation is called ${name}`)
    return mutation(args as never)
  }

  get #inTransaction(): boolean {
    return this.#db?.inTransaction === true
  }

  /** Throws MutationFailed, or the error that ended the transaction. */
  #runOne(request: Request): Outcome {
    try {
      return { id: request.id, result: this.#mutate(request) }
    } catch (error) {
      throw this.#inTransaction ? new MutationFailed('mutation failed', { cause: error }) : error
    }
  }

  /** Throws only the error that ended the transaction. */
  #runApart(run: Statements, request: Request): Outcome {
    run.savepoint()
    try {
      const result = this.#mutate(request)
      run.release()
      return { id: request.id, result }
    } catch (error) {
      if (!this.#inTransaction) throw error
      run.undo()
      run.release()
      return failure(request.id, error)
    }
  }
}
