// Deciding a query for one message from what has been read of it so far: true, false, or not yet (undefined).

import type { Turn } from '../kit/turn.js'
import { collapseBlanks } from '../mime/header-fields.js'
import { FLAG_WORDS, type FlagTable, flagBit } from '../model/flags.js'
import { foldCase } from '../model/fold.js'
import type { SummaryFields } from '../model/message.js'
import { inNumberSet } from '../model/number-set.js'
import type { ColdColumns, Entries } from '../store/entries.js'
import {
  type Depth,
  depthOf,
  type ResolvedKey,
  type ResolvedQuery,
  type SearchQuery,
  type SummaryField,
} from './search-query.js'

/** What has been read of one message. */
export interface Candidate {
  readonly entries: Entries
  readonly at: number
  readonly depth: Depth
  readonly summary?: FoldedSummary
  /** Folded for comparison. */
  readonly text?: SearchText
}

/** Text of a header as it is compared: RFC 3501 §6.4.4 asks for what ENVELOPE tells, where runs of blanks are one. */
const foldField = (text: string): string => foldCase(collapseBlanks(text))

/** A summary whose fields are folded for comparison, each once: there may be thousands of keys, and a megabyte of field. */
export class FoldedSummary {
  readonly fields: SummaryFields
  readonly #folded = new Map<SummaryField, string>()

  constructor(fields: SummaryFields) {
    this.fields = fields
  }

  folded(name: SummaryField): string {
    let folded = this.#folded.get(name)
    if (folded === undefined) {
      folded = foldField(this.fields[name])
      this.#folded.set(name, folded)
    }
    return folded
  }
}

export interface SearchText {
  /** Decoded values of each field by lower-case name, folded. */
  field(name: string): readonly string[]
  /** All of the header and of the body, decoded and folded. */
  readonly header: string
  readonly body: string
}

export interface MatchContext {
  readonly isRecent: (uid: number) => boolean
}

const DAY = 86_400_000

const dayOf = (at: number, zone: number): number => Math.floor((at + zone * 60_000) / DAY)

function hasFlag(entries: Entries, at: number, bit: number): boolean {
  const word = entries.flags[at * FLAG_WORDS + (bit >> 5)] ?? 0
  return ((word >>> (bit & 31)) & 1) === 1
}

function matchDay(query: Extract<ResolvedKey, { kind: 'date' }>, day: number): boolean {
  if (query.op === 'before') return day < query.day
  return query.op === 'on' ? day === query.day : day >= query.day
}

function matchDate(query: Extract<ResolvedKey, { kind: 'date' }>, candidate: Candidate): boolean {
  if (query.field === 'internal') {
    const cold = candidate.entries.cold as ColdColumns
    return matchDay(query, dayOf(cold.internalDates[candidate.at] ?? 0, cold.zones[candidate.at] ?? 0))
  }
  const sent = candidate.summary?.fields
  if (sent === undefined || sent.sentDate === null) return false
  return matchDay(query, dayOf(sent.sentDate, sent.sentZone))
}

function matchKey(query: ResolvedKey, candidate: Candidate, context: MatchContext): boolean {
  const { entries, at, summary, text } = candidate
  switch (query.kind) {
    case 'all':
      return true
    case 'bit':
      return (query.bit >= 0 && hasFlag(entries, at, query.bit)) === query.set
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
      return summary?.folded(query.field).includes(query.value) ?? false
    case 'subject':
      return summary?.folded('subject').includes(query.value) ?? false
    case 'filled':
      return summary !== undefined && summary.fields[query.field] !== ''
    case 'header':
      return text?.field(query.name).some((value) => value.includes(query.value)) ?? false
    case 'body':
      return text?.body.includes(query.value) ?? false
    case 'any-header':
      return text?.header.includes(query.value) ?? false
  }
}

/** True, false, or undefined where more of the message must be read. */
export function decide(
  query: ResolvedQuery,
  candidate: Candidate,
  context: MatchContext,
): boolean | undefined {
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

/** The same where each key may look through a large text: others have their turn between them. */
export async function decideInTurns(
  query: ResolvedQuery,
  candidate: Candidate,
  context: MatchContext,
  turn: Turn,
): Promise<boolean | undefined> {
  if (query.kind === 'not') {
    const inner = await decideInTurns(query.of, candidate, context, turn)
    return inner === undefined ? undefined : !inner
  }
  if (query.kind !== 'and' && query.kind !== 'or') {
    if (turn.over) await turn.pass()
    return decide(query, candidate, context)
  }
  const settling = query.kind === 'or'
  let open = false
  for (const key of query.of) {
    const decided = await decideInTurns(key, candidate, context, turn)
    if (decided === settling) return settling
    if (decided === undefined) open = true
  }
  return open ? undefined : !settling
}

const anyHeader = (value: string): ResolvedKey => ({ kind: 'any-header', value: foldField(value) })
const inBody = (value: string): ResolvedKey => ({ kind: 'body', value: foldCase(value) })

/** The query with its strings folded, header names in lower case, and flags by their bit in the account's table. */
export function resolveQuery(query: SearchQuery, table: FlagTable): ResolvedQuery {
  if (query.kind === 'and' || query.kind === 'or')
    return { kind: query.kind, of: query.of.map((key) => resolveQuery(key, table)) }
  if (query.kind === 'not') return { kind: 'not', of: resolveQuery(query.of, table) }
  if (query.kind === 'flag') return { kind: 'bit', bit: flagBit(table, query.name), set: query.set }
  if (query.kind === 'header') {
    return { kind: 'header', name: query.name.toLowerCase(), value: foldField(query.value) }
  }
  if (query.kind === 'text') return { kind: 'or', of: [anyHeader(query.value), inBody(query.value)] }
  if (query.kind === 'body') return inBody(query.value)
  return 'value' in query ? { ...query, value: foldField(query.value) } : query
}
