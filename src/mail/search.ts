// SEARCH (RFC 3501 §6.4.4) over a session's view: each message is read only as deep as its decision needs.

import { Turn } from '../kit/turn.js'
import { type AccountId, contentId, type MailboxId } from '../model/ids.js'
import type { Summary } from '../model/message.js'
import type { Entries } from '../store/entries.js'
import { readEntries } from './entries.js'
import { openIndex } from './open-index.js'
import { type Candidate, decide, decideInTurns, type MatchContext, resolveQuery } from './search-match.js'
import {
  COLD,
  type Depth,
  deepest,
  HOT,
  type ResolvedQuery,
  type SearchQuery,
  SOURCE,
  SUMMARY,
} from './search-query.js'
import { readSearchText } from './search-text.js'
import type { Services } from './services.js'
import { openSources } from './source.js'

export interface SearchScope {
  readonly account: AccountId
  readonly mailbox: MailboxId
  /** UIDs that the session knows, ascending: nothing else is found. */
  readonly view: Uint32Array
  readonly isRecent: (uid: number) => boolean
}

/** Decides what it can of a page; the positions left open are looked at deeper by the caller. */
class Page {
  readonly entries: Entries
  readonly #query: ResolvedQuery
  readonly #context: MatchContext
  readonly #found: boolean[]
  open: number[]

  constructor(entries: Entries, query: ResolvedQuery, context: MatchContext) {
    this.entries = entries
    this.#query = query
    this.#context = context
    this.#found = new Array<boolean>(entries.length).fill(false)
    this.open = Array.from({ length: entries.length }, (_, at) => at)
  }

  /** Tries position `at` with what has been read of it; true where it is decided now. */
  try(at: number, read: Omit<Candidate, 'entries' | 'at'>): boolean {
    const decided = decide(this.#query, { entries: this.entries, at, ...read }, this.#context)
    if (decided === undefined) return false
    this.#found[at] = decided
    return true
  }

  async tryAll(depth: Depth, turn: Turn): Promise<void> {
    const open: number[] = []
    for (const at of this.open) {
      if (!this.try(at, { depth })) open.push(at)
      if (turn.over) await turn.pass()
    }
    this.open = open
  }

  /** Decides position `at` with all of it read; that may take long. */
  async settle(at: number, read: Omit<Candidate, 'entries' | 'at'>, turn: Turn): Promise<void> {
    this.#found[at] = await decideInTurns(
      this.#query,
      { entries: this.entries, at, ...read },
      this.#context,
      turn,
    )
  }

  found(): Uint32Array {
    return this.entries.uids.filter((_, at) => this.#found[at] === true)
  }
}

async function decideBySummaries(
  services: Services,
  account: AccountId,
  page: Page,
  turn: Turn,
): Promise<Map<number, Summary>> {
  const contents = page.entries.cold?.contents ?? new Uint32Array(0)
  const wanted = Uint32Array.from(page.open, (at) => contents[at] ?? 0)
  const kept = new Map<number, Summary>()
  const open: number[] = []
  let next = 0
  for await (const summaries of services.store.summaries(account, wanted)) {
    for (const summary of summaries) {
      const at = page.open[next++] as number
      if (turn.over) await turn.pass()
      if (page.try(at, summary === undefined ? { depth: SUMMARY } : { depth: SUMMARY, summary })) continue
      open.push(at)
      if (summary !== undefined) kept.set(at, summary)
    }
  }
  page.open = open
  return kept
}

async function decideBySources(
  services: Services,
  account: AccountId,
  page: Page,
  summaries: Map<number, Summary>,
  turn: Turn,
) {
  const { cold } = page.entries
  const contents = Uint32Array.from(page.open, (at) => cold?.contents[at] ?? 0)
  const sizes = Float64Array.from(page.open, (at) => cold?.sizes[at] ?? 0)
  let next = 0
  for await (const source of openSources(services, account, contents, sizes)) {
    if (turn.over) await turn.pass()
    const content = contentId(contents[next] ?? 0)
    const at = page.open[next++] as number
    const text = source && (await readSearchText(services, account, content, source, turn))
    const summary = summaries.get(at)
    const read = { ...(text === undefined ? {} : { text }), ...(summary === undefined ? {} : { summary }) }
    await page.settle(at, { depth: SOURCE, ...read }, turn)
  }
  page.open = []
}

async function searchPage(
  services: Services,
  account: AccountId,
  page: Page,
  depth: Depth,
  turn: Turn,
): Promise<Uint32Array> {
  await page.tryAll(page.entries.cold === undefined ? HOT : COLD, turn)
  if (depth >= SUMMARY && page.open.length > 0) {
    const summaries = await decideBySummaries(services, account, page, turn)
    if (page.open.length > 0) await decideBySources(services, account, page, summaries, turn)
  }
  return page.found()
}

function joinUids(lists: readonly Uint32Array[]): Uint32Array {
  const joined = new Uint32Array(lists.reduce((sum, list) => sum + list.length, 0))
  let at = 0
  for (const list of lists) {
    joined.set(list, at)
    at += list.length
  }
  return joined
}

/** The pages of the view, from the cached index where nothing but hot columns is needed. */
async function* pagesOf(
  services: Services,
  scope: SearchScope,
  depth: Depth,
): AsyncGenerator<Entries, void, undefined> {
  const { account, mailbox, view } = scope
  if (depth !== HOT) {
    yield* readEntries(services, account, mailbox, view, { cold: true })
    return
  }
  const { entries } = await openIndex(services, account, mailbox)
  const same =
    entries.length === view.length && entries.uids[0] === view[0] && entries.uids.at(-1) === view.at(-1)
  if (same) yield entries
  else yield* readEntries(services, account, mailbox, view, { cold: false })
}

/**
 * The UIDs of the view that match, ascending. Throws StoreError `no-such-mailbox`, and the signal's reason soon after it
 * is aborted: nobody waits for the answer then.
 */
export async function search(
  services: Services,
  scope: SearchScope,
  query: SearchQuery,
  signal?: AbortSignal,
): Promise<Uint32Array> {
  const table = await services.store.flagTable(scope.account)
  const resolved = resolveQuery(query, table)
  const depth = deepest(resolved)
  const context = { isRecent: scope.isRecent }
  const turn = new Turn(signal)
  const found: Uint32Array[] = []
  if (scope.view.length === 0) return new Uint32Array(0)
  for await (const entries of pagesOf(services, scope, depth)) {
    found.push(await searchPage(services, scope.account, new Page(entries, resolved, context), depth, turn))
    signal?.throwIfAborted()
  }
  return joinUids(found)
}
