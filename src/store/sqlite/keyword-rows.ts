// Keywords of an account by bit, numbered inside the mutation that first uses them; a number is never used again.

import type { Connection } from '../../kit/sqlite/connection.js'
import {
  FIRST_KEYWORD_BIT,
  FLAG_BITS,
  FLAG_WORDS,
  flagBit,
  MAX_KEYWORD_LENGTH,
  SYSTEM_FLAGS,
} from '../../model/flags.js'
import { StoreError } from '../errors.js'
import type { AccountRow } from '../rows.js'

const SYSTEM_BITS = new Map<string, number>(SYSTEM_FLAGS.map((flag, bit) => [flag.toLowerCase(), bit]))

export interface KeywordRow {
  readonly bit: number
  readonly name: string
}

/** The table of an account's flags from its keywords. */
export function flagTableOf(rows: readonly KeywordRow[]): (string | undefined)[] {
  const table: (string | undefined)[] = [...SYSTEM_FLAGS]
  for (const { bit, name } of rows) table[bit] = name
  // A hole would make iteration skip bits: unused ones are undefined, as FlagTable says.
  return Array.from(table)
}

export class KeywordRows {
  readonly #all
  readonly #insert

  constructor(db: Connection) {
    this.#all = db.prepare<[number], KeywordRow>('SELECT bit, name FROM keyword WHERE account = ?')
    this.#insert = db.prepare<[number, number, string]>('INSERT INTO keyword VALUES (?, ?, ?)')
  }

  /** Bits of the named flags; keywords that the account does not have yet are numbered where `add` says so, else left out. */
  words(account: AccountRow, flags: readonly string[], add: boolean): Uint32Array {
    const words = new Uint32Array(FLAG_WORDS)
    let table: (string | undefined)[] | undefined
    for (const flag of flags) {
      let bit = SYSTEM_BITS.get(flag.toLowerCase()) ?? -1
      if (bit < 0) {
        table ??= flagTableOf(this.#all.all(account.account))
        bit = flagBit(table, flag)
        if (bit < 0 && add) {
          bit = this.#number(account, flag)
          table[bit] = flag
        }
      }
      if (bit >= 0) words[bit >>> 5] = (words[bit >>> 5] ?? 0) | (1 << (bit & 31))
    }
    return words
  }

  #number(account: AccountRow, name: string): number {
    const where = `account ${account.account}`
    if (Buffer.byteLength(name) > MAX_KEYWORD_LENGTH)
      throw new StoreError('limit', `${where}: a keyword has at most ${MAX_KEYWORD_LENGTH} octets`)
    const bit = Math.max(account.keyword_next, FIRST_KEYWORD_BIT)
    if (bit >= FLAG_BITS)
      throw new StoreError(
        'limit',
        `${where} has used all of its ${FLAG_BITS - FIRST_KEYWORD_BIT} keywords: "${name}" cannot be added`,
      )
    this.#insert.run(account.account, bit, name)
    account.keyword_next = bit + 1
    return bit
  }
}
