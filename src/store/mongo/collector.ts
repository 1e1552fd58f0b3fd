// One round of the collector: removed accounts, deleted mailboxes, old tombstones, contents that nobody names any more. Any
// number of instances may be at it: every step is a mutation of an account, which looks again at what it depends on.

import { refuse } from '../content-set.js'
import { isStoreError } from '../errors.js'
import type { Collected, CollectOptions, Dropped, PassedOver } from '../maintenance.js'
import { type Gone, SETTLED_MS } from '../retained.js'
import { type Access, betweenPages } from './access.js'
import {
  contentsCollectedMutation,
  dropAccountMutation,
  dropMailboxMutation,
  type Purged,
  purgeContentsMutation,
  purgeTombstonesMutation,
} from './collect.js'
import { Marking } from './marking.js'
import { keepFromOf } from './retained.js'
import type { AccountDocument, TombstoneDocument } from './schema.js'
import type { Mutation } from './unit.js'

/** Contents purged in one mutation. */
const PURGE = 128
/** Accounts, and tombstones, of one command. */
const PAGE = 256

type AccountState = Pick<AccountDocument, 'account' | 'state' | 'modseq' | 'collected_until'>
type OldTombstone = Pick<TombstoneDocument, '_id' | 'mailbox' | 'modseq'>

/** A mailbox that waits to be dropped. */
type Deleted = Gone & { readonly mailbox: number }

/** The round's own; what it drops is counted as it goes. */
interface Round {
  readonly now: number
  readonly options: CollectOptions
  readonly dropped: Dropped
  readonly passedOver: PassedOver[]
}

export class Collector {
  readonly #access: Access
  readonly #marking: Marking
  /** The account's modseq when what it keeps was last held against the limit. */
  readonly #weighed = new Map<number, number>()

  constructor(access: Access) {
    this.#access = access
    this.#marking = new Marking(access.database)
  }

  /** `isMine` is asked now and then: where it says no, another instance goes on. */
  async collect(options: CollectOptions, isMine: () => Promise<boolean>): Promise<Collected> {
    const dropped = { contents: 0, tombstones: 0, mailboxes: 0, accounts: 0 }
    const passedOver: PassedOver[] = []
    const round = { now: Date.now(), options, dropped, passedOver }
    for (let last = 0; ; ) {
      const page = await this.#accounts(last)
      const [first, end] = [page[0], page.at(-1)]
      if (first === undefined || end === undefined) return { ...dropped, passedOver }
      const deleted = await this.#deletedMailboxes(first.account, end.account)
      for (const state of page) {
        if (!(await isMine())) return { ...dropped, passedOver }
        await this.#collectState(state, deleted.get(state.account) ?? [], round)
      }
      last = end.account
      await betweenPages()
    }
  }

  async #collectState(state: AccountState, deleted: readonly Deleted[], round: Round): Promise<void> {
    const { account } = state
    try {
      if (state.state === 'removing') {
        await this.#inSlices(() => dropAccountMutation(account))
        round.dropped.accounts++
      } else if (state.state === 'active') {
        await this.#collectAccount(state, deleted, round)
        this.#weighed.set(account, state.modseq)
      }
    } catch (error) {
      if (!isStoreError(error, 'corrupt')) throw error
      round.passedOver.push({ account, error })
    }
  }

  /** Contents before what names them: that tells, also after a crash, which may have become garbage. */
  async #collectAccount(state: AccountState, deleted: readonly Deleted[], round: Round): Promise<void> {
    const { account, collected_until } = state
    const { now, options, dropped } = round
    const keepFrom = await this.#keepFrom(state, deleted, now - options.contentAge, options.contentLimit)
    const due = new Set(deleted.filter(({ at }) => at < keepFrom).map(({ mailbox }) => mailbox))
    if (due.size > 0 || (await this.#hasExpunged(account, collected_until, keepFrom)))
      dropped.contents += await this.#collectContents(account, due, keepFrom, now)
    for (const mailbox of due) await this.#inSlices(() => dropMailboxMutation(account, mailbox))
    dropped.mailboxes += due.size
    const before = Math.min(keepFrom, now - options.tombstoneAge)
    dropped.tombstones += await this.#purgeTombstones(state, before)
  }

  /** Since when contents are kept. Only what an account has changed since can have brought it above the limit. */
  async #keepFrom(
    { account, modseq }: AccountState,
    deleted: readonly Deleted[],
    from: number,
    limit: number | undefined,
  ): Promise<number> {
    if (limit === undefined || this.#weighed.get(account) === modseq) return from
    return keepFromOf(this.#access.database, this.#marking, { account, deleted }, from, limit)
  }

  async #collectContents(
    account: number,
    without: ReadonlySet<number>,
    keepFrom: number,
    now: number,
  ): Promise<number> {
    const start = await this.#marking.start(account)
    if (start === undefined) return 0
    const alive = await this.#marking.alive(account, keepFrom, without, refuse)
    let mark = { alive, since: start.modseq }
    let purged = 0
    for await (const page of this.#marking.contents(account, start.content_next)) {
      const dead = page.filter((content) => !alive.has(content))
      for (let at = 0; at < dead.length; at += PURGE) {
        mark = await this.#marking.catchUp(account, mark, without, refuse)
        const contents = dead.slice(at, at + PURGE).filter((content) => !alive.has(content))
        const purge = { account, contents, since: mark.since, without }
        if (contents.length > 0) purged += await this.#access.mutate(purgeContentsMutation(purge))
      }
    }
    const until = Math.min(keepFrom, now - SETTLED_MS)
    await this.#access.mutate(contentsCollectedMutation(account, until))
    return purged
  }

  /** Those that the mark of this round, or of one before, has seen: none that has come since then. */
  async #purgeTombstones(state: AccountState, before: number): Promise<number> {
    let purged = 0
    for (;;) {
      const old = await this.#tombstonesBefore(state, before)
      if (old.length === 0) return purged
      await this.#access.mutate(purgeTombstonesMutation(state.account, old))
      purged += old.length
      if (old.length < PAGE) return purged
    }
  }

  async #inSlices(slice: () => Mutation<Purged>): Promise<void> {
    while ((await this.#access.mutate(slice())).more);
  }

  /** What is read after this is not older. */
  #accounts(after: number): Promise<AccountState[]> {
    const { database } = this.#access
    const projection = { account: 1, state: 1, modseq: 1, collected_until: 1 }
    return database.read('reading accounts', async (session) => {
      const page = await database
        .collection('account')
        .find<AccountState>(
          { account: { $gt: after }, username: { $exists: true } },
          { session, projection, hint: 'by_number', singleBatch: true },
        )
        .sort({ account: 1 })
        .limit(PAGE)
        .batchSize(PAGE)
        .toArray()
      database.raiseFloor(session)
      return page
    })
  }

  async #deletedMailboxes(first: number, last: number): Promise<Map<number, Deleted[]>> {
    const { database } = this.#access
    const found = await database.read('reading deleted mailboxes', (session) =>
      database
        .collection('mailbox')
        .find(
          { account: { $gte: first, $lte: last }, deleted_at: { $gt: 0 } },
          { session, projection: { account: 1, mailbox: 1, deleted_at: 1, octets: 1 }, hint: 'by_deletion' },
        )
        .toArray(),
    )
    const deleted = new Map<number, Deleted[]>()
    for (const { account, mailbox, deleted_at, octets } of found) {
      const known = deleted.get(account) ?? []
      deleted.set(account, [...known, { mailbox, at: deleted_at ?? 0, octets }])
    }
    return deleted
  }

  async #hasExpunged(account: number, from: number, before: number): Promise<boolean> {
    const { database } = this.#access
    const found = await database.read('looking for tombstones', (session) =>
      database
        .collection('tombstone')
        .findOne(
          { account, expunged_at: { $gte: from, $lt: before } },
          { session, projection: { _id: 1 }, hint: 'by_time' },
        ),
    )
    return found !== null
  }

  #tombstonesBefore({ account, modseq }: AccountState, before: number): Promise<OldTombstone[]> {
    const { database } = this.#access
    return database.read('reading old tombstones', (session) =>
      database
        .collection('tombstone')
        .find<OldTombstone>(
          { account, expunged_at: { $lt: before }, modseq: { $lte: modseq } },
          { session, projection: { mailbox: 1, modseq: 1 }, hint: 'by_time', singleBatch: true },
        )
        .sort({ expunged_at: 1 })
        .limit(PAGE)
        .batchSize(PAGE)
        .toArray(),
    )
  }
}
