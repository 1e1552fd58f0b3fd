// Mutations that wait for their transaction, in the order in which they came, and which of them may go together: no two
// transactions hold one account, and an account's mutations do not overtake each other in the line.

import { forgetOldest } from '../../kit/forget-oldest.js'
import { StoreError } from '../errors.js'
import { COLLECTIONS, NOBODYS } from './schema.js'
import type { Outcome } from './transaction.js'
import type { Mutation } from './unit.js'

/** Mutations of one transaction, at the most; and the octets that they write. */
const GROUP = 64
const GROUP_OCTETS = 8 * 2 ** 20
/**
 * Milliseconds for which an account that other instances write as well is kept out of others' transactions: to learn anew that it
 * is one costs several that were for nothing.
 */
const CONTENDED_MS = 10_000
/** Accounts that are known to be so, or were seen to be written elsewhere once. */
const NOTED = 1_024

export class Waiting {
  readonly mutation: Mutation<unknown>
  readonly #resolve: (result: unknown) => void
  readonly #reject: (error: unknown) => void
  readonly #timer: NodeJS.Timeout
  #answered = false
  conflicts = 0
  conflictedSince: number | undefined
  notBefore = 0

  constructor(
    mutation: Mutation<unknown>,
    resolve: (result: unknown) => void,
    reject: (error: unknown) => void,
    timeoutMs: number,
    onLate: () => void,
  ) {
    this.mutation = mutation
    this.#resolve = resolve
    this.#reject = reject
    const why = `${mutation.name}: MongoDB has not committed it within ${timeoutMs} ms`
    this.#timer = setTimeout(() => {
      this.fail(new StoreError('unavailable', why))
      onLate()
    }, timeoutMs)
  }

  get answered(): boolean {
    return this.#answered
  }

  settle(outcome: Outcome | undefined): void {
    if (outcome === undefined) this.fail(new Error(`${this.mutation.name} was committed without an outcome`))
    else if ('error' in outcome) this.fail(outcome.error)
    else {
      this.#answer()
      this.#resolve(outcome.result)
    }
  }

  fail(error: unknown): void {
    this.#answer()
    this.#reject(error)
  }

  #answer(): void {
    this.#answered = true
    clearTimeout(this.#timer)
  }
}

export class WaitingLine {
  readonly #mostAccounts: number
  readonly #onDue: () => void
  readonly #held = new Set<number>()
  /** Until when each is locked before it is read. */
  readonly #conflicted = new Map<number, number>()
  /** Until when each is kept apart. */
  readonly #contended = new Map<number, number>()
  /** Until when another change elsewhere tells that it happens all the time. */
  readonly #changedElsewhere = new Map<number, number>()
  /** Nobody who has been answered already: while MongoDB is away, nothing is taken from it. */
  #line = new Set<Waiting>()
  #timer: NodeJS.Timeout | undefined

  /**
   * `mostAccounts` of one transaction; `onDue` is called when something may be taken that had to pause, or is not to be any
   * more.
   */
  constructor(mostAccounts: number, onDue: () => void) {
    this.#mostAccounts = mostAccounts
    this.#onDue = onDue
  }

  get length(): number {
    return this.#line.size
  }

  /** It fails after `timeoutMs`. */
  add(
    mutation: Mutation<unknown>,
    resolve: (result: unknown) => void,
    reject: (error: unknown) => void,
    timeoutMs: number,
  ): void {
    const waiting = new Waiting(mutation, resolve, reject, timeoutMs, () => {
      if (this.#line.delete(waiting)) this.#onDue()
    })
    this.#line.add(waiting)
  }

  /** Back to the front, for at least `ms`. */
  again(waiting: readonly Waiting[], ms: number): void {
    const notBefore = performance.now() + ms
    for (const one of waiting) one.notBefore = notBefore
    this.#line = new Set([...waiting.filter(({ answered }) => !answered), ...this.#line])
  }

  /** Other instances write them at this very time. */
  conflicted(accounts: readonly number[]): void {
    for (const account of accounts) {
      note(this.#conflicted, account)
      note(this.#contended, account)
    }
  }

  /** Another instance has written it since this one did: the second time within seconds it counts as contended. */
  changedElsewhere(account: number): void {
    if (isNoted(this.#changedElsewhere, account)) note(this.#contended, account)
    note(this.#changedElsewhere, account)
  }

  hasConflicted(account: number): boolean {
    return isNoted(this.#conflicted, account)
  }

  isContended(account: number): boolean {
    return isNoted(this.#contended, account)
  }

  release(group: readonly Waiting[]): void {
    for (const { mutation } of group) for (const account of mutation.accounts) this.#held.delete(account)
  }

  /** The next group, whose accounts are held from now on; empty where nothing may go. */
  take(): Waiting[] {
    const now = performance.now()
    const choice = new Choice(this.#held, this.#mostAccounts, (account) => this.isContended(account))
    const left = new Set<Waiting>()
    let due = Number.POSITIVE_INFINITY
    for (const waiting of this.#line) {
      if (waiting.notBefore > now) {
        due = Math.min(due, waiting.notBefore)
        choice.leave(waiting)
        left.add(waiting)
      } else if (!choice.take(waiting)) left.add(waiting)
    }
    this.#line = left
    for (const { mutation } of choice.group) for (const account of mutation.accounts) this.#held.add(account)
    if (Number.isFinite(due)) this.#wakeIn(due - now)
    return choice.group
  }

  #wakeIn(ms: number): void {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(this.#onDue, Math.max(ms, 1))
  }
}

/** The last noted is the last to be forgotten. */
function note(until: Map<number, number>, account: number): void {
  until.delete(account)
  until.set(account, performance.now() + CONTENDED_MS)
  forgetOldest(until, NOTED)
}

const isNoted = (until: ReadonlyMap<number, number>, account: number): boolean =>
  (until.get(account) ?? 0) > performance.now()

/** A group as it is chosen from the line, front to back. */
class Choice {
  readonly group: Waiting[] = []
  readonly #held: ReadonlySet<number>
  readonly #mostAccounts: number
  readonly #isContended: (account: number) => boolean
  /** Of those passed over: what comes later of these accounts waits too. */
  readonly #left = new Set<number>()
  readonly #accounts = new Set<number>()
  #octets = 0
  #alone = false

  constructor(held: ReadonlySet<number>, mostAccounts: number, isContended: (account: number) => boolean) {
    this.#held = held
    this.#mostAccounts = mostAccounts
    this.#isContended = isContended
  }

  leave({ mutation }: Waiting): void {
    for (const account of mutation.accounts) this.#left.add(account)
  }

  take(waiting: Waiting): boolean {
    if (!this.#fits(waiting)) {
      this.leave(waiting)
      return false
    }
    const { accounts, octets = 0 } = waiting.mutation
    if (accounts.some(this.#isContended)) this.#alone = true
    for (const account of accounts) this.#accounts.add(account)
    this.#octets += octets
    this.group.push(waiting)
    return true
  }

  #fits({ mutation: { accounts, octets = 0 } }: Waiting): boolean {
    if (accounts.some((account) => this.#held.has(account) || this.#left.has(account))) return false
    if (this.group.length === 0) return true
    if (this.group.length >= GROUP || this.#octets + octets > GROUP_OCTETS) return false
    const added = accounts.filter((account) => !this.#accounts.has(account))
    if (added.length === 0 && accounts.length > 0) return true
    // Whoever conflicts with other instances would make all others run again.
    if (this.#alone || added.some(this.#isContended)) return false
    return this.#accounts.size + added.length <= this.#mostAccounts
  }
}

/** Its accounts, and the names and tokens that it asks for: two accounts may want one name. */
const sharedBy = ({ accounts, needs = [] }: Mutation<unknown>): (number | string)[] => [
  ...accounts,
  ...needs.filter(({ kind }) => NOBODYS.includes(COLLECTIONS[kind])).map(({ kind, id }) => `${kind} ${id}`),
]

/** Rows of mutations that share something, directly or through others; each in the order in which they came. */
export function rowsOf(group: readonly Waiting[]): Waiting[][] {
  const rowOf = new Map<number | string, Waiting[]>()
  const rows = new Set<Waiting[]>()
  for (const waiting of group) {
    const shared = sharedBy(waiting.mutation)
    const [row = [], ...others] = new Set(
      shared.map((one) => rowOf.get(one)).filter((row) => row !== undefined),
    )
    for (const other of others) {
      row.push(...other)
      rows.delete(other)
    }
    row.push(waiting)
    rows.add(row)
    for (const { mutation } of others.length > 0 ? row : [waiting])
      for (const one of sharedBy(mutation)) rowOf.set(one, row)
  }
  return [...rows]
}
