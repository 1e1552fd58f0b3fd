// The group commit: waiting mutations of one or many accounts share a transaction; several are under way at once, but no
// two hold one account. Who conflicts is halved and run again; single accounts back off. docs/architecture.md,
// "MongoDB (cluster)"; what was tried stands in docs/adr/.

import type { ClientSession } from 'mongodb'
import { StoreError } from '../errors.js'
import type { MongoDatabase } from './database.js'
import {
  Abandoned,
  AWAY_MS,
  CommitUnknown,
  failureOf,
  isCertain,
  isUnknownCommit,
  storeError,
} from './failures.js'
import type { Instance } from './instance.js'
import type { Memory } from './memory.js'
import { accountKey } from './schema.js'
import { type Outcome, type Row, Transaction } from './transaction.js'
import type { Mutation } from './unit.js'
import { rowsOf, type Waiting, WaitingLine } from './waiting.js'

/** Transactions of this process at once. */
const IN_FLIGHT = 4
/**
 * Milliseconds after which another begins beside one that is under way: what waits meanwhile goes together. Longer than one takes
 * that has to wait for those of other instances: else each instance begins more and smaller ones, which take longer still.
 */
const OVERLAP_MS = 100
/**
 * Those who have just been answered are likely to ask again: they are waited for, as long as this share of what their transaction
 * took, and at the most so many milliseconds.
 */
const GATHER = { share: 0.6, mostMs: 12 }
/** Milliseconds of conflicts after which whoever holds the account may be dead. */
const SUSPICIOUS_MS = 1000
const BACKOFF_MS = { first: 4, most: 50 }
/** Milliseconds for which an unknown commit is asked after; then the transaction itself has long ended. */
const COMMIT_MS = 90_000

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

export class GroupCommit {
  readonly #database: MongoDatabase
  readonly #instance: Instance
  readonly #memory: Memory
  readonly #line: WaitingLine
  readonly #sessions: ClientSession[] = []
  #underWay = 0
  /** Of those under way, the groups that have been answered or wait again, whose transaction must still be made sure of. */
  #unsure = 0
  /** When the last group began. */
  #begun = Number.NEGATIVE_INFINITY
  /** How many are asking or may ask again soon, and until when they are waited for. */
  #gatherUntil = Number.NEGATIVE_INFINITY
  #expected = 0
  #timer: NodeJS.Timeout | undefined
  #closing = false
  #idle: (() => void) | undefined

  constructor(database: MongoDatabase, instance: Instance, memory: Memory) {
    this.#database = database
    this.#instance = instance
    this.#memory = memory
    this.#line = new WaitingLine(database.sharded ? 1 : Number.POSITIVE_INFINITY, () => this.#pump())
    for (let n = 0; n < IN_FLIGHT; n++) {
      const session = database.startSession()
      instance.adopt(session)
      this.#sessions.push(session)
    }
  }

  /** Resolves when the mutation is committed by the majority. Throws StoreError. */
  run<Result>(mutation: Mutation<Result>): Promise<Result> {
    if (this.#closing)
      return Promise.reject(new StoreError('unavailable', `${mutation.name}: the store is closing`))
    return new Promise((resolve, reject) => {
      const settle = resolve as (result: unknown) => void
      this.#line.add(mutation, settle, reject, this.#database.timeoutMs)
      // All that is asked for in one turn goes together.
      queueMicrotask(() => this.#pump())
    })
  }

  /** Finishes what was accepted. */
  async close(): Promise<void> {
    this.#closing = true
    if (!this.#isIdle)
      await new Promise<void>((resolve) => {
        this.#idle = resolve
      })
    await Promise.all(this.#sessions.map((session) => session.endSession().catch(() => {})))
  }

  get #isIdle(): boolean {
    return this.#underWay === this.#unsure && this.#line.length === 0
  }

  #pump(): void {
    for (;;) {
      const session = this.#sessions.at(-1)
      if (session === undefined) break
      const wait = this.#line.length === 0 ? 0 : this.#mayBegin() - performance.now()
      if (wait > 0) {
        this.#timer ??= setTimeout(() => {
          this.#timer = undefined
          this.#pump()
        }, wait)
        return
      }
      const group = this.#line.take()
      if (group.length === 0) break
      this.#sessions.pop()
      this.#underWay++
      this.#begun = performance.now()
      this.#instance.begin()
      void this.#runGroup(session, group).then(() => {
        this.#line.release(group)
        this.#sessions.push(session)
        this.#underWay--
        this.#instance.end()
        this.#pump()
      })
    }
    if (this.#isIdle) this.#idle?.()
  }

  /** From when on the next group may begin: the fewer groups there are, the less each mutation costs MongoDB. */
  #mayBegin(): number {
    if (this.#underWay > 0) return this.#begun + OVERLAP_MS
    return this.#line.length < this.#expected ? this.#gatherUntil : 0
  }

  /** Never throws: everyone in the group is answered or waits again. */
  async #runGroup(session: ClientSession, group: readonly Waiting[]): Promise<void> {
    const waiting = group.filter((one) => !one.answered)
    if (waiting.length === 0) return
    const rows = rowsOf(waiting)
    try {
      await this.#attempt(session, rows)
    } catch (error) {
      await this.#afterFailure(session, waiting, rows, error)
    }
  }

  async #afterFailure(
    session: ClientSession,
    waiting: readonly Waiting[],
    rows: readonly (readonly Waiting[])[],
    error: unknown,
  ): Promise<void> {
    const failure = failureOf(error)
    if (failure === 'away' || failure === 'unknown') {
      this.#forget(waiting)
      if (failure === 'away') this.#line.again(waiting, AWAY_MS)
      else for (const one of waiting) one.fail(storeError(error, one.mutation.name))
      return this.#supersede(session, waiting)
    }
    await session.abortTransaction().catch(() => {})
    if (failure === 'stale') return this.#runUnremembered(session, waiting)
    if (failure === 'abandoned') return this.#runGroup(session, waiting)
    const halves = halvesOf(rows, failure === 'final' ? waiting : undefined)
    if (halves !== undefined) {
      for (const half of halves) await this.#runGroup(session, half)
      return
    }
    this.#forget(waiting)
    if (failure === 'final') for (const one of waiting) one.fail(storeError(error, one.mutation.name))
    else this.#backOff(waiting)
  }

  /** Once more, with nothing remembered; and then it shows whose memory was out of date. */
  async #runUnremembered(session: ClientSession, waiting: readonly Waiting[]): Promise<void> {
    const accounts = accountsOf(waiting)
    const before = accounts.map((account) => this.#memory.versionOf(account))
    this.#forget(waiting)
    await this.#runGroup(session, waiting)
    accounts.forEach((account, at) => {
      const [known, now] = [before[at], this.#memory.versionOf(account)]
      // A transaction moves it by one.
      if (known !== undefined && now !== undefined && now > known + 1) this.#line.changedElsewhere(account)
    })
  }

  #backOff(waiting: readonly Waiting[]): void {
    const now = performance.now()
    for (const one of waiting) {
      one.conflicts++
      one.conflictedSince ??= now
    }
    const [first] = waiting
    if (first === undefined) return
    if (now - (first.conflictedSince ?? now) > SUSPICIOUS_MS)
      this.#instance.endLapsed().catch(() => {
        // MongoDB is away: the mutations will say so.
      })
    this.#line.conflicted(accountsOf(waiting))
    const most = Math.min(BACKOFF_MS.most, BACKOFF_MS.first * 2 ** Math.min(first.conflicts, 10))
    this.#line.again(waiting, Math.random() * most)
  }

  async #attempt(session: ClientSession, rows: readonly (readonly Waiting[])[]): Promise<void> {
    const began = performance.now()
    const outcomes = new Map<Mutation<unknown>, Outcome>()
    const transaction = new Transaction(this.#database, session, this.#memory)
    this.#database.raise(session)
    session.startTransaction({
      readConcern: { level: 'snapshot' },
      readPreference: 'primary',
      writeConcern: { w: 'majority', journal: true },
    })
    for (const account of accountsOf(rows.flat())) {
      if (this.#line.hasConflicted(account)) await transaction.claim(account)
      // Most likely what is remembered is no longer so, and the transaction would be for nothing.
      else if (this.#line.isContended(account)) this.#memory.forget(account)
    }
    await transaction.run(
      rows.map((row): Row => row.map(({ mutation }) => mutation)),
      outcomes,
    )
    const waiting = rows.flat()
    if (waiting.some((one) => one.answered)) throw new Abandoned('somebody has been answered already')
    await commit(session, () => this.#closing && waiting.every((one) => one.answered))
    this.#database.raiseFloor(session)
    transaction.remember(accountsOf(waiting))
    // Before anybody is answered: some ask again at once, and are then in the line already.
    const now = performance.now()
    this.#gatherUntil = now + Math.min(GATHER.mostMs, (now - began) * GATHER.share)
    this.#expected = waiting.length + this.#line.length
    for (const one of waiting) one.settle(outcomes.get(one.mutation))
  }

  #forget(waiting: readonly Waiting[]): void {
    for (const account of accountsOf(waiting)) this.#memory.forget(account)
  }

  /**
   * Nobody has told what became of the session's transaction. It may be open and hold its accounts; and commands of it may
   * reach MongoDB yet, from the sockets of one that stands still. The beginning of the session's next one ends it, and
   * whatever comes of it afterwards is refused. Until that has happened its accounts are not asked for again. It reads the
   * accounts themselves: behind mongos it then begins on their shard.
   */
  async #supersede(session: ClientSession, group: readonly Waiting[]): Promise<void> {
    const keys = accountsOf(group).map(accountKey)
    this.#unsure++
    if (this.#isIdle) this.#idle?.()
    while (!this.#closing) {
      try {
        // It throws where the driver knows of nothing to abort.
        await session.abortTransaction().catch(() => {})
        session.startTransaction({ readPreference: 'primary' })
        await this.#database.collection('account').findOne({ _id: { $in: keys } }, { session })
        await session.abortTransaction()
        break
      } catch {
        await pause(AWAY_MS)
      }
    }
    this.#unsure--
  }
}

const accountsOf = (waiting: readonly Waiting[]): number[] => [
  ...new Set(waiting.flatMap(({ mutation }) => mutation.accounts)),
]

/** Commits, and where the answer was lost asks again until it is known: the commit alone, on its session. */
async function commit(session: ClientSession, isGivenUp: () => boolean): Promise<void> {
  const until = performance.now() + COMMIT_MS
  for (;;) {
    try {
      return await session.commitTransaction()
    } catch (error) {
      if (isCertain(error)) throw error
      if (!isUnknownCommit(error) || isGivenUp() || performance.now() > until)
        throw new CommitUnknown('MongoDB has not told whether it was committed', { cause: error })
      await pause(AWAY_MS / 4)
    }
  }
}

/**
 * Two halves of what may run apart; of one account's mutations only where `divide` says so. Where the first half conflicts then and
 * waits again, the second comes before it: nobody who asked for it waited for the other.
 */
function halvesOf(
  rows: readonly (readonly Waiting[])[],
  divide: readonly Waiting[] | undefined,
): [Waiting[], Waiting[]] | undefined {
  if (rows.length > 1) {
    const middle = rows.length >> 1
    return [rows.slice(0, middle).flat(), rows.slice(middle).flat()]
  }
  if (divide === undefined || divide.length < 2) return undefined
  const middle = divide.length >> 1
  return [divide.slice(0, middle), divide.slice(middle)]
}
