// One round of the collector: removed accounts, deleted mailboxes, old tombstones, contents that nobody names any more. Any
// number of instances may be at it: every step is a mutation of an account, which looks again at what it depends on.

import type { CollectOptions } from '../maintenance.js'
import type { Access } from './access.js'
import { betweenPages } from './access.js'
import {
  contentsCollectedMutation,
  dropAccountMutation,
  dropMailboxMutation,
  type Purged,
  purgeContentsMutation,
  purgeTombstonesMutation,
} from './collect.js'
import { Marking } from './marking.js'
import type { AccountDocument, TombstoneDocument } from './schema.js'
import type { Mutation } from './unit.js'

/** Contents purged in one mutation. */
const PURGE = 128
/** Accounts, and tombstones, of one command. */
const PAGE = 256
/**
 * Milliseconds in which everything has been committed that bears an earlier time: the longest transaction, and what the
 * clocks of the instances differ.
 */
const SETTLED_MS = 60_000

export interface Collected {
  contents: number
  tombstones: number
  mailboxes: number
  accounts: number
}

type AccountState = Pick<AccountDocument, 'account' | 'state' | 'modseq' | 'collected_until'>
type OldTombstone = Pick<TombstoneDocument, '_id' | 'mailbox' | 'modseq'>

/** The round's own. */
interface Round {
  readonly now: number
  /** Milliseconds since 1970: contents whose last name went before, tombstones that came before. */
  readonly keepFrom: number
  readonly tombstonesFrom: number
  readonly collected: Collected
}

export class Collector {
  readonly #access: Access
  readonly #marking: Marking

  constructor(access: Access) {
    this.#access = access
    this.#marking = new Marking(access.database)
  }

  /** `isMine` is asked now and then: where it says no, another instance goes on. */
  async collect(
    { tombstoneAge, contentAge }: CollectOptions,
    isMine: () => Promise<boolean>,
  ): Promise<Collected> {
    const now = Date.now()
    const collected = { contents: 0, tombstones: 0, mailboxes: 0, accounts: 0 }
    const round = { now, keepFrom: now - contentAge, tombstonesFrom: now - tombstoneAge, collected }
    for (let last = 0; ; ) {
      const page = await this.#accounts(last)
      const [first, end] = [page[0], page.at(-1)]
      if (first === undefined || end === undefined) return collected
      const deleted = await this.#deletedMailboxes(first.account, end.account, round.keepFrom)
      for (const state of page) {
        if (!(await isMine())) return collected
        if (state.state === 'removing') {
          await this.#inSlices(() => dropAccountMutation(state.account))
          collected.accounts++
        } else await this.#collectAccount(state, deleted.get(state.account) ?? new Set(), round)
      }
      last = end.account
      await betweenPages()
    }
  }

  /** Contents before what names them: that tells, also after a crash, which may have become garbage. */
  async #collectAccount(state: AccountState, deleted: ReadonlySet<number>, round: Round): Promise<void> {
    const { account, collected_until } = state
    const { keepFrom, tombstonesFrom, collected } = round
    if (deleted.size > 0 || (await this.#hasExpunged(account, collected_until, keepFrom)))
      collected.contents += await this.#collectContents(account, deleted, round)
    for (const mailbox of deleted) await this.#inSlices(() => dropMailboxMutation(account, mailbox))
    collected.mailboxes += deleted.size
    collected.tombstones += await this.#purgeTombstones(state, Math.min(keepFrom, tombstonesFrom))
  }

  async #collectContents(
    account: number,
    without: ReadonlySet<number>,
    { now, keepFrom }: Round,
  ): Promise<number> {
    const start = await this.#marking.start(account)
    if (start === undefined) return 0
    const alive = await this.#marking.alive(account, keepFrom, without)
    // `check` says what cannot be read.
    if (alive === undefined) return 0
    let mark = { alive, since: start.modseq }
    let purged = 0
    for await (const page of this.#marking.contents(account, start.content_next)) {
      const dead = page.filter((content) => !alive.has(content))
      for (let at = 0; at < dead.length; at += PURGE) {
        mark = await this.#marking.catchUp(account, mark, without)
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
      database.committed(session)
      return page
    })
  }

  async #deletedMailboxes(first: number, last: number, before: number): Promise<Map<number, Set<number>>> {
    const { database } = this.#access
    const found = await database.read('reading deleted mailboxes', (session) =>
      database
        .collection('mailbox')
        .find(
          { account: { $gte: first, $lte: last }, deleted_at: { $gt: 0, $lt: before } },
          { session, projection: { account: 1, mailbox: 1 }, hint: 'by_deletion' },
        )
        .toArray(),
    )
    const deleted = new Map<number, Set<number>>()
    for (const { account, mailbox } of found)
      deleted.set(account, (deleted.get(account) ?? new Set()).add(mailbox))
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
