// One round of the collector: removed accounts, deleted mailboxes, old tombstones, contents that nobody names any more.

import type { Connection } from '../../kit/sqlite/connection.js'
import { refuse } from '../content-set.js'
import { isStoreError } from '../errors.js'
import type { Collected, CollectOptions, Dropped, PassedOver } from '../maintenance.js'
import { SETTLED_MS } from '../retained.js'
import { type Access, betweenPages } from './access.js'
import type { Args, Calls, Purged } from './calls.js'
import { NEVER_COLLECTED } from './collect.js'
import { Marking } from './marking.js'
import { Retained } from './retained.js'

/** Contents purged in one mutation. */
const PURGE = 128

interface AccountState {
  readonly account: number
  readonly state: string
  readonly modseq: number
  readonly content_next: number
  readonly collected_until: number
}

/** Milliseconds since 1970: what went before goes for good. */
interface KeptFrom {
  readonly contents: number
  readonly tombstones: number
  /** When the round began. */
  readonly now: number
}

type InSlices = 'purgeTombstones' | 'dropMailbox' | 'dropAccount'

export class Collector {
  readonly #access: Access
  readonly #marking: Marking
  readonly #retained: Retained
  /** The account's modseq when what it keeps was last held against the limit. */
  readonly #weighed = new Map<number, number>()
  readonly #accounts
  readonly #deletedMailboxes
  readonly #hasExpunged

  constructor(access: Access, db: Connection) {
    this.#access = access
    this.#marking = new Marking(db)
    this.#retained = new Retained(db, this.#marking)
    this.#accounts = db.prepare<[number], AccountState>(
      'SELECT account, state, modseq, content_next, collected_until FROM account WHERE account > ? ORDER BY account LIMIT 1',
    )
    this.#deletedMailboxes = db
      .prepare<number[], number>('SELECT mailbox FROM mailbox WHERE account = ? AND deleted_at < ?')
      .pluck()
    this.#hasExpunged = db.prepare<number[]>(
      'SELECT 1 FROM tombstone WHERE account = ? AND expunged_at >= ? AND expunged_at < ? LIMIT 1',
    )
  }

  async collect(options: CollectOptions): Promise<Collected> {
    const dropped: Dropped = { contents: 0, tombstones: 0, mailboxes: 0, accounts: 0 }
    const passedOver: PassedOver[] = []
    const now = Date.now()
    for (let last = 0; ; ) {
      const state = this.#accounts.get(last)
      if (state === undefined) return { ...dropped, passedOver }
      last = state.account
      try {
        await this.#collectState(state, options, now, dropped)
      } catch (error) {
        if (!isStoreError(error, 'corrupt')) throw error
        passedOver.push({ account: state.account, error })
      }
      await betweenPages()
    }
  }

  async #collectState(
    state: AccountState,
    { tombstoneAge, contentAge, contentLimit }: CollectOptions,
    now: number,
    dropped: Dropped,
  ): Promise<void> {
    if (state.state === 'removing') {
      await this.#inSlices('dropAccount', { account: state.account })
      dropped.accounts++
    } else if (state.state === 'active') {
      const keepFrom = await this.#keepFrom(state, now - contentAge, contentLimit)
      const from = { contents: keepFrom, tombstones: Math.min(keepFrom, now - tombstoneAge), now }
      await this.#collectAccount(state, from, dropped)
      this.#weighed.set(state.account, state.modseq)
    }
  }

  /** Only what an account has changed since can have brought it above the limit. */
  async #keepFrom({ account, modseq }: AccountState, from: number, limit?: number): Promise<number> {
    if (limit === undefined || this.#weighed.get(account) === modseq) return from
    return this.#retained.keepFrom(account, from, limit)
  }

  async #collectAccount(state: AccountState, keptFrom: KeptFrom, dropped: Dropped): Promise<void> {
    const { account, collected_until, modseq } = state
    const mailboxes = this.#deletedMailboxes.all(account, keptFrom.contents)
    for (const mailbox of mailboxes) await this.#inSlices('dropMailbox', { account, mailbox })
    dropped.mailboxes += mailboxes.length
    // Contents before tombstones: those tell which contents may have become garbage.
    const expunged = this.#hasExpunged.get(account, collected_until, keptFrom.contents) !== undefined
    const due = mailboxes.length > 0 || collected_until === NEVER_COLLECTED
    if (due || expunged) dropped.contents += await this.#collectContents(state, keptFrom)
    // Those that the mark of this round, or of one before, has seen: none that has come since then.
    const old = { account, before: keptFrom.tombstones, upTo: modseq }
    if (this.#hasExpunged.get(account, 0, old.before) !== undefined)
      dropped.tombstones += await this.#inSlices('purgeTombstones', old)
  }

  async #collectContents(
    { account, modseq, content_next }: AccountState,
    { contents, now }: KeptFrom,
  ): Promise<number> {
    const alive = await this.#marking.alive(account, contents, refuse)
    let purged = 0
    for await (const page of this.#marking.contents(account, content_next)) {
      const dead = page.filter((content) => !alive.has(content))
      for (let at = 0; at < dead.length; at += PURGE)
        purged += await this.#access.write('purgeContents', {
          account,
          contents: dead.slice(at, at + PURGE),
          since: modseq,
        })
    }
    await this.#access.write('contentsCollected', { account, until: Math.min(contents, now - SETTLED_MS) })
    return purged
  }

  async #inSlices<Name extends InSlices>(name: Name, args: Args<Name>): Promise<number> {
    let purged = 0
    for (let more = true; more; ) {
      const slice: Purged = (await this.#access.write(name, args)) as Calls[InSlices][1]
      purged += slice.purged
      more = slice.more
    }
    return purged
  }
}
