// Flags: five of the system (RFC 3501 §2.3.2) and keywords, kept as 128 bits an entry. A keyword's bit comes from a table
// of its account and is never used again; names compare without case, the first spelling stays.

/** Bits 0 … 4. \Recent is not stored with a message: it is a mark of the mailbox. */
export const SYSTEM_FLAGS = ['\\Answered', '\\Flagged', '\\Deleted', '\\Seen', '\\Draft'] as const

/** The bits that the mailbox's counters look at. */
export const DELETED = 1 << 2
export const SEEN = 1 << 3

/** Bits 5 … 7 are kept free; keywords are numbered from here. */
export const FIRST_KEYWORD_BIT = 8
export const FLAG_BITS = 128
/** 32-bit words of one entry's flags. */
export const FLAG_WORDS = 4
/** Octets of one keyword at the most. */
export const MAX_KEYWORD_LENGTH = 100

/** Names by bit; the system's five stand at 0 … 4, an unused bit is undefined. */
export type FlagTable = readonly (string | undefined)[]

/** The bit of a flag by name, without case; -1 where the table has no such keyword. */
export function flagBit(table: FlagTable, name: string): number {
  const wanted = name.toLowerCase()
  return table.findIndex((known) => known !== undefined && known.toLowerCase() === wanted)
}

/** Names of the flags of one entry, whose words stand at `offset` in `words`. */
export function flagNames(table: FlagTable, words: Uint32Array, offset: number): string[] {
  const names: string[] = []
  for (let word = 0; word < FLAG_WORDS; word++) {
    let bits = words[offset + word] ?? 0
    while (bits !== 0) {
      const low = 31 - Math.clz32(bits & -bits)
      const name = table[word * 32 + low]
      if (name !== undefined) names.push(name)
      bits &= bits - 1
    }
  }
  return names
}

/** Whether the table names every flag of the entries whose words these are. */
export function namesAll(table: FlagTable, words: Uint32Array): boolean {
  const used = new Uint32Array(FLAG_WORDS)
  for (let at = 0; at < words.length; at++) {
    const word = at % FLAG_WORDS
    used[word] = (used[word] ?? 0) | (words[at] ?? 0)
  }
  const named = new Uint32Array(FLAG_WORDS)
  table.forEach((name, bit) => {
    if (name !== undefined) named[bit >>> 5] = (named[bit >>> 5] ?? 0) | (1 << (bit & 31))
  })
  return used.every((bits, word) => (bits & ~(named[word] ?? 0)) === 0)
}

/** How STORE changes flags (RFC 3501 §6.4.6): a delta, computed inside the transaction. */
export interface FlagChange {
  readonly mode: 'add' | 'remove' | 'replace'
  readonly flags: readonly string[]
}
