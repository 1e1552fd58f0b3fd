// A whole store carried over into an empty one, of the same or another engine: `eider migrate`. Clients notice nothing:
// numbers and octets stay (src/store/migration.ts). An account is transferred in slices and served once all of it is
// there; what was interrupted goes on where it stopped.

import { forgetOldest } from '../kit/forget-oldest.js'
import { sideBySide } from '../kit/side-by-side.js'
import type { AccountId } from '../model/ids.js'
import type { Account } from '../store/accounts.js'
import { isStoreError } from '../store/errors.js'
import type { Finding } from '../store/maintenance.js'
import type { Alone, DumpedContent } from '../store/migration.js'
import { LazySource } from '../store/stored-source.js'
import type { Services } from './services.js'

export type Side = Pick<Services, 'store' | 'blobs'> & { readonly alone: Alone }

export interface MigrationProgress {
  /** Done, among them those that an earlier run had done; and how many there are. */
  accounts: number
  of: number
  /** Messages (copies of one count once) and octets that this run has transferred. */
  messages: number
  octets: number
}

export interface MigrationOptions {
  /** Changed as it goes on. */
  readonly progress: MigrationProgress
  /** A body that the source has lost, or whose octets are not its own: the rest is carried over all the same. */
  readonly onFinding: (finding: Finding) => void
}

/** Accounts and bodies at once: each holds two pages of contents at the most, or two pieces. */
const ACCOUNTS = 8
const BODIES = 4
/** Bodies known to be in the target, so that one that many messages share is asked for once. */
const KNOWN_BODIES = 65_536

/** The target is empty, or holds what an interrupted run of the same migration has left. Throws StoreError. */
export async function migrateStore(
  from: Side,
  to: Side,
  name: string,
  options: MigrationOptions,
): Promise<void> {
  const { progress } = options
  for await (const _ of activeAccounts(from)) progress.of++
  await to.store.beginArrival(name)
  await sideBySide(to.store.accounts(), ACCOUNTS, ({ id }) => dropStale(from, to, id))
  const transfer = new Transfer(from, to, options)
  await sideBySide(activeAccounts(from), ACCOUNTS, ({ id }) => transfer.account(id))
  const rest = await from.store.dumpStore()
  for (const { alone } of [from, to]) await alone.demand()
  await to.store.finishArrival(rest)
}

/** One that is being removed is not carried over: nobody can see it any more. */
async function* activeAccounts({ store }: Side): AsyncIterable<Account> {
  for await (const account of store.accounts()) if (account.state === 'active') yield account
}

/** What an earlier run has brought, and is not so in the source any more. */
async function dropStale(from: Side, to: Side, id: AccountId): Promise<void> {
  const isActive = (await from.store.account(id))?.state === 'active'
  await to.store.dropStale(id, isActive ? await from.store.dumpAccount(id) : undefined)
}

class Transfer {
  readonly #from: Side
  readonly #to: Side
  readonly #options: MigrationOptions
  readonly #bodies = new Set<string>()

  constructor(from: Side, to: Side, options: MigrationOptions) {
    this.#from = from
    this.#to = to
    this.#options = options
  }

  async account(id: AccountId): Promise<void> {
    const { progress } = this.#options
    const [from, to] = [this.#from.store, this.#to.store]
    const dumped = await from.dumpAccount(id)
    const after = await to.restoreAccount(dumped)
    if (after !== undefined) {
      for await (const page of oneAhead(from.dumpContents(id, after))) {
        await this.#copyBodies(page)
        await to.restoreContents(id, page)
        progress.messages += page.length
        for (const { source } of page) progress.octets += source.size + source.trace.length
      }
      for await (const page of oneAhead(from.dumpIndex(id))) await to.restoreIndex(id, page)
      await to.finishAccount(dumped)
    }
    progress.accounts++
  }

  async #copyBodies(page: readonly DumpedContent[]): Promise<void> {
    const hashes = page.flatMap(({ source }) => new LazySource(source).cuts.map((cut) => cut.blob))
    const unknown = new Set(hashes.filter((hash) => !this.#bodies.has(hash)))
    await sideBySide(unknown, BODIES, (hash) => this.#copyBody(hash))
  }

  async #copyBody(hash: string): Promise<void> {
    if (!(await this.#to.blobs.touch(hash))) await this.#writeBody(hash)
    this.#bodies.add(hash)
    forgetOldest(this.#bodies, KNOWN_BODIES)
  }

  async #writeBody(hash: string): Promise<void> {
    const found = (problem: string) =>
      this.#options.onFinding({ kind: 'blob', where: `blob ${hash}`, problem })
    const writer = this.#to.blobs.write()
    try {
      for await (const piece of readBody(this.#from, hash)) await writer.write(piece)
      const written = await writer.finish()
      if (written.hash !== hash) found(`its octets have the hash ${written.hash}`)
    } catch (error) {
      await writer.abort()
      if (!(error instanceof LostBody)) throw error
      found(error.message)
    }
  }
}

/** The source's own trouble, not the target's. */
class LostBody extends Error {}

async function* readBody({ blobs }: Side, hash: string): AsyncIterable<Uint8Array> {
  try {
    yield* blobs.read(hash, 0, Number.MAX_SAFE_INTEGER)
  } catch (error) {
    throw isStoreError(error, 'corrupt') ? new LostBody(error.message) : error
  }
}

/** The next page is read while the caller writes one. */
async function* oneAhead<T>(pages: AsyncIterable<T>): AsyncIterable<T> {
  const iterator = pages[Symbol.asyncIterator]()
  const ask = () => {
    const next = iterator.next()
    // Awaited in its turn.
    next.catch(() => {})
    return next
  }
  for (let next = ask(); ; ) {
    const { done, value } = await next
    if (done === true) return
    next = ask()
    yield value
  }
}
