// A search as the protocols hand it in: RFC 3501 §6.4.4 with sequence numbers already turned into UIDs.

import type { NumberSet } from '../model/number-set.js'

export type SearchQuery = SearchKey | And<SearchQuery> | Or<SearchQuery> | Not<SearchQuery>

/** A query made ready for comparing: its strings folded, its flags by their bit. */
export type ResolvedQuery = ResolvedKey | And<ResolvedQuery> | Or<ResolvedQuery> | Not<ResolvedQuery>

interface And<Query> {
  readonly kind: 'and'
  readonly of: readonly Query[]
}

interface Or<Query> {
  readonly kind: 'or'
  readonly of: readonly Query[]
}

interface Not<Query> {
  readonly kind: 'not'
  readonly of: Query
}

export type ResolvedKey =
  | Exclude<SearchKey, { kind: 'flag' | 'text' }>
  /** What TEXT asks of the header, beside the body. */
  | { readonly kind: 'any-header'; readonly value: string }
  /** -1 for a keyword that the account does not have. */
  | { readonly kind: 'bit'; readonly bit: number; readonly set: boolean }

/** Fields of which the summary has the text. */
export type SummaryField = 'from' | 'to' | 'cc' | 'bcc' | 'subject'

type SearchKey =
  | { readonly kind: 'all' }
  /** A system flag or keyword by name, without case. */
  | { readonly kind: 'flag'; readonly name: string; readonly set: boolean }
  | { readonly kind: 'recent'; readonly set: boolean }
  | { readonly kind: 'uids'; readonly set: NumberSet }
  /** The day as the message's own zone shows it, in days since 1970-01-01; time and zone are disregarded. */
  | {
      readonly kind: 'date'
      readonly field: 'internal' | 'sent'
      readonly op: 'before' | 'on' | 'since'
      readonly day: number
    }
  | { readonly kind: 'size'; readonly op: 'larger' | 'smaller'; readonly octets: number }
  /** An empty value asks only whether the field is there. */
  | { readonly kind: 'header'; readonly name: string; readonly value: string }
  | { readonly kind: 'address'; readonly field: Exclude<SummaryField, 'subject'>; readonly value: string }
  | { readonly kind: 'subject'; readonly value: string }
  /** Whether the summary has anything of it: if so, the field is there. */
  | { readonly kind: 'filled'; readonly field: SummaryField }
  | { readonly kind: 'body'; readonly value: string }
  | { readonly kind: 'text'; readonly value: string }

/** What must be read of a message before a key can be decided, from cheap to dear. */
export const HOT = 0
export const COLD = 1
export const SUMMARY = 2
export const SOURCE = 3
export type Depth = 0 | 1 | 2 | 3

const DEPTHS: Readonly<Record<ResolvedKey['kind'], Depth>> = {
  all: HOT,
  bit: HOT,
  recent: HOT,
  uids: HOT,
  size: COLD,
  date: COLD,
  address: SUMMARY,
  subject: SUMMARY,
  filled: SUMMARY,
  header: SOURCE,
  body: SOURCE,
  'any-header': SOURCE,
}

/** The depth at which one key can be decided. */
export function depthOf(query: ResolvedKey): Depth {
  if (query.kind === 'date' && query.field === 'sent') return SUMMARY
  return DEPTHS[query.kind]
}

/** The depths at which its keys are decided, added to `depths`. */
export function depthsOf(query: ResolvedQuery, depths = new Set<Depth>()): ReadonlySet<Depth> {
  if (query.kind === 'not') return depthsOf(query.of, depths)
  if (query.kind === 'and' || query.kind === 'or') for (const key of query.of) depthsOf(key, depths)
  else depths.add(depthOf(query))
  return depths
}
