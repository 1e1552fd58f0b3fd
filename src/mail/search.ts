// SEARCH (RFC 3501 §6.4.4) over a session's view: each message is read only as deep as its decision needs.

import { Turn } from '../kit/turn.js'
import { type AccountId, type ContentId, contentId, type MailboxId } from '../model/ids.js'
import { joinLists } from '../model/number-set.js'
import type { Entries } from '../store/entries.js'
import { isStoreError } from '../store/errors.js'
import { readEntries } from './entries.js'
import { openIndex } from './open-index.js'
import {
  type Candidate,
  decide,
  decideInTurns,
  FoldedSummary,
  type MatchContext,
  resolveQuery,
  type SearchText,
} from './search-match.js'
import {
  COLD,
  type Depth,
  depthsOf,
  HOT,
  type ResolvedQuery,
  type SearchQuery,
  SOURCE,
  SUMMARY,
} from './search-query.js'
import { readSearchText } from './search-text.js'
import type { Services } from './services.js'
import { type MessageSource, openSources } from './source.js'

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

  /** By the index alone. */
  async tryAll(depth: Depth, turn: Turn): Promise<void> {
    const open: number[] = []
    for (const at of this.open) {
      const decided = decide(this.#query, { entries: this.entries, at, depth }, this.#context)
      if (decided === undefined) open.push(at)
      else this.#found[at] = decided
      if (turn.over) await turn.pass()
    }
    this.open = open
  }

  /** Tries position `at` with what has been read of it, which may take long; true where it is decided now. */
  async try(at: number, read: Omit<Candidate, 'entries' | 'at'>, turn: Turn): Promise<boolean> {
    const candidate = { entries: this.entries, at, ...read }
    const decided = await decideInTurns(this.#query, candidate, this.#context, turn)
    if (decided !== undefined) this.#found[at] = decided
    return decided !== undefined
  }

  found(): Uint32Array {
    return this.entries.uids.filter((_, at) => this.#found[at] === true)
  }
}

/** Contents and sizes of some positions of a page. */
function messagesAt({ entries: { cold } }: Page, positions: readonly number[]) {
  return {
    contents: Uint32Array.from(positions, (at) => cold?.contents[at] ?? 0),
    sizes: Float64Array.from(positions, (at) => cold?.sizes[at] ?? 0),
  }
}

/** What stays open is decided by its sources, page by page: no more summaries are held than one page has. */
async function decideBySummaries(
  services: Services,
  account: AccountId,
  page: Page,
  turn: Turn,
): Promise<void> {
  const { contents, sizes } = messagesAt(page, page.open)
  let next = 0
  for await (const summaries of services.store.summaries(account, contents, sizes)) {
    const open: number[] = []
    const kept = new Map<number, FoldedSummary>()
    for (const fields of summaries) {
      const at = page.open[next++] as number
      const summary = fields === undefined ? undefined : new FoldedSummary(fields)
      if (await page.try(at, { depth: SUMMARY, ...(summary && { summary }) }, turn)) continue
      open.push(at)
      if (summary !== undefined) kept.set(at, summary)
    }
    await decideBySources(services, account, page, open, kept, turn)
  }
}

/** Undefined also where the store has lost some of it: one message keeps nobody from finding the others. */
async function textOf(
  services: Services,
  account: AccountId,
  content: ContentId,
  source: MessageSource,
  turn: Turn,
): Promise<SearchText | undefined> {
  try {
    return await readSearchText(services, account, content, source, turn)
  } catch (error) {
    if (!isStoreError(error, 'corrupt')) throw error
    services.log.error({ err: error, account, content }, 'search-text-failed')
    return undefined
  }
}

async function decideBySources(
  services: Services,
  account: AccountId,
  page: Page,
  open: readonly number[],
  summaries: ReadonlyMap<number, FoldedSummary>,
  turn: Turn,
): Promise<void> {
  const { contents, sizes } = messagesAt(page, open)
  let next = 0
  for await (const source of openSources(services, account, contents, sizes)) {
    if (turn.over) await turn.pass()
    const content = contentId(contents[next] ?? 0)
    const at = open[next++] as number
    const text = source && (await textOf(services, account, content, source, turn))
    const summary = summaries.get(at)
    await page.try(at, { depth: SOURCE, ...(text && { text }), ...(summary && { summary }) }, turn)
  }
}

async function searchPage(
  services: Services,
  account: AccountId,
  page: Page,
  depths: ReadonlySet<Depth>,
  turn: Turn,
): Promise<Uint32Array> {
  await page.tryAll(page.entries.cold === undefined ? HOT : COLD, turn)
  if (depths.has(SUMMARY)) await decideBySummaries(services, account, page, turn)
  else if (depths.has(SOURCE)) await decideBySources(services, account, page, page.open, new Map(), turn)
  return page.found()
}

/** The pages of the view, from the cached index where nothing but hot columns is needed. */
async function* pagesOf(
  services: Services,
  scope: SearchScope,
  depths: ReadonlySet<Depth>,
): AsyncGenerator<Entries, void, undefined> {
  const { account, mailbox, view } = scope
  if ([...depths].some((depth) => depth !== HOT)) {
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
  const depths = depthsOf(resolved)
  const context = { isRecent: scope.isRecent }
  const turn = new Turn(signal)
  const found: Uint32Array[] = []
  if (scope.view.length === 0) return new Uint32Array(0)
  for await (const entries of pagesOf(services, scope, depths)) {
    found.push(await searchPage(services, scope.account, new Page(entries, resolved, context), depths, turn))
    signal?.throwIfAborted()
  }
  return joinLists(found)
}
