// Flags by name and by bit: keywords of an account are numbered inside the mutation that first uses them, and a number is
// never used again. src/model/flags.ts.

import {
  FIRST_KEYWORD_BIT,
  FLAG_BITS,
  FLAG_WORDS,
  flagBit,
  MAX_KEYWORD_LENGTH,
  SYSTEM_FLAGS,
} from '../model/flags.js'
import { StoreError } from './errors.js'

const SYSTEM_BITS = new Map<string, number>(SYSTEM_FLAGS.map((flag, bit) => [flag.toLowerCase(), bit]))

export interface Keyword {
  readonly bit: number
  readonly name: string
}

/** The table of an account's flags from its keywords. */
export function flagTableOf(keywords: readonly Keyword[]): (string | undefined)[] {
  const table: (string | undefined)[] = [...SYSTEM_FLAGS]
  for (const { bit, name } of keywords) table[bit] = name
  // A hole would make iteration skip bits: unused ones are undefined, as FlagTable says.
  return Array.from(table)
}

/** An account's keywords, inside a mutation. */
export interface KeywordTable {
  /** The table as it is now; a copy that the caller may change. */
  read(): (string | undefined)[]
  /** Numbers a new keyword; returns its bit, -1 where the account has all that it may have. */
  add(name: string): number
}

/**
 * Bits of the named flags; keywords that the account does not have yet are numbered where `add` says so, else left out, as are
 * those beyond all that an account may have (RFC 3501 §7.1, PERMANENTFLAGS).
 */
export function flagWords(keywords: KeywordTable, flags: readonly string[], add: boolean): Uint32Array {
  const words = new Uint32Array(FLAG_WORDS)
  let table: (string | undefined)[] | undefined
  for (const flag of flags) {
    let bit = SYSTEM_BITS.get(flag.toLowerCase()) ?? -1
    if (bit < 0) {
      table ??= keywords.read()
      bit = flagBit(table, flag)
      if (bit < 0 && add) {
        bit = keywords.add(flag)
        if (bit >= 0) table[bit] = flag
      }
    }
    if (bit >= 0) words[bit >>> 5] = (words[bit >>> 5] ?? 0) | (1 << (bit & 31))
  }
  return words
}

/** The bit for a new keyword of an account whose lowest unused number is `next`; -1 where all are used. Throws `limit`. */
export function newKeywordBit(account: number, next: number, name: string): number {
  if (Buffer.byteLength(name) > MAX_KEYWORD_LENGTH)
    throw new StoreError('limit', `account ${account}: a keyword has at most ${MAX_KEYWORD_LENGTH} octets`)
  const bit = Math.max(next, FIRST_KEYWORD_BIT)
  return bit < FLAG_BITS ? bit : -1
}
