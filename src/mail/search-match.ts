// Deciding a query for one message from what has been read of it so far: true, false, or not yet (undefined).

import { FLAG_WORDS, type FlagTable, flagBit } from '../model/flags.js'
import { foldCase } from '../model/fold.js'
import type { Summary } from '../model/message.js'
import { inNumberSet } from '../model/number-set.js'
import type { ColdColumns, Entries } from '../store/entries.js'
import { type Depth, depthOf, type SearchQuery } from './search-query.js'

/** What has been read of one message. */
export interface Candidate {
  readonly entries: Entries
  readonly at: number
  readonly depth: Depth
  readonly summary?: Summary
  /** Folded for comparison. */
  readonly text?: SearchText
}

export interface SearchText {
  /** Decoded values of each field by lower-case name, folded. */
  field(name: string): readonly string[]
  /** All of the header and of the body, decoded and folded. */
  readonly header: string
  readonly body: string
}

export interface MatchContext {
  readonly table: FlagTable
  readonly isRecent: (uid: number) => boolean
}

type Key = Exclude<SearchQuery, { kind: 'and' | 'or' | 'not' }>

const DAY = 86_400_000

const dayOf = (at: number, zone: number): number => Math.floor((at + zone * 60_000) / DAY)

function hasFlag(entries: Entries, at: number, bit: number): boolean {
  const word = entries.flags[at * FLAG_WORDS + (bit >> 5)] ?? 0
  return ((word >>> (bit & 31)) & 1) === 1
}

function matchDay(query: Extract<Key, { kind: 'date' }>, day: number): boolean {
  if (query.op === 'before') return day < query.day
  return query.op === 'on' ? day === query.day : day >= query.day
}

function matchDate(query: Extract<Key, { kind: 'date' }>, candidate: Candidate): boolean {
  if (query.field === 'internal') {
    const cold = candidate.entries.cold as ColdColumns
    return matchDay(query, dayOf(cold.internalDates[candidate.at] ?? 0, cold.zones[candidate.at] ?? 0))
  }
  const { summary } = candidate
  if (summary === undefined || summary.sentDate === null) return false
  return matchDay(query, dayOf(summary.sentDate, summary.sentZone))
}

function matchKey(query: Key, candidate: Candidate, context: MatchContext): boolean {
  const { entries, at, summary, text } = candidate
  switch (query.kind) {
    case 'all':
      return true
    case 'flag': {
      const bit = flagBit(context.table, query.name)
      return (bit >= 0 && hasFlag(entries, at, bit)) === query.set
    }
    case 'recent':
      return context.isRecent(entries.uids[at] ?? 0) === query.set
    case 'uids':
      return inNumberSet(query.set, entries.uids[at] ?? 0)
    case 'size': {
      const size = entries.cold?.sizes[at] ?? 0
      return query.op === 'larger' ? size > query.octets : size < query.octets
    }
    case 'date':
      return matchDate(query, candidate)
    case 'address':
      return summary !== undefined && foldCase(summary[query.field]).includes(query.value)
    case 'subject':
      return summary !== undefined && foldCase(summary.subject).includes(query.value)
    case 'header':
      return text?.field(query.name).some((value) => value.includes(query.value)) ?? false
    case 'body':
      return text?.body.includes(query.value) ?? false
    case 'text':
      return text !== undefined && (text.header.includes(query.value) || text.body.includes(query.value))
  }
}

/** True, false, or undefined where more of the message must be read. String values in `query` are folded already. */
export function decide(query: SearchQuery, candidate: Candidate, context: MatchContext): boolean | undefined {
  if (query.kind === 'not') {
    const inner = decide(query.of, candidate, context)
    return inner === undefined ? undefined : !inner
  }
  if (query.kind === 'and' || query.kind === 'or') {
    const settling = query.kind === 'or'
    let open = false
    for (const key of query.of) {
      const decided = decide(key, candidate, context)
      if (decided === settling) return settling
      if (decided === undefined) open = true
    }
    return open ? undefined : !settling
  }
  return depthOf(query) > candidate.depth ? undefined : matchKey(query, candidate, context)
}

/** The query with its strings folded, and header names in lower case. */
export function foldQuery(query: SearchQuery): SearchQuery {
  if (query.kind === 'and' || query.kind === 'or') return { kind: query.kind, of: query.of.map(foldQuery) }
  if (query.kind === 'not') return { kind: 'not', of: foldQuery(query.of) }
  if (query.kind === 'header') {
    return { kind: 'header', name: query.name.toLowerCase(), value: foldCase(query.value) }
  }
  return 'value' in query ? { ...query, value: foldCase(query.value) } : query
}
