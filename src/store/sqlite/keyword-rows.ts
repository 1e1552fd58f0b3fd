// Keywords of an account by bit, numbered inside the mutation that first uses them; a number is never used again.

import type { Connection } from '../../kit/sqlite/connection.js'
import { flagTableOf, flagWords, type Keyword, newKeywordBit } from '../keywords.js'
import type { AccountRow } from '../rows.js'

export class KeywordRows {
  readonly #all
  readonly #insert

  constructor(db: Connection) {
    this.#all = db.prepare<[number], Keyword>('SELECT bit, name FROM keyword WHERE account = ?')
    this.#insert = db.prepare<[number, number, string]>('INSERT INTO keyword VALUES (?, ?, ?)')
  }

  /** Bits of the named flags; keywords that the account does not have yet are numbered where `add` says so, else left out. */
  words(row: AccountRow, flags: readonly string[], add: boolean): Uint32Array {
    const { account } = row
    const table = {
      read: () => flagTableOf(this.#all.all(account)),
      add: (name: string) => this.#number(row, name),
    }
    return flagWords(table, flags, add)
  }

  #number(account: AccountRow, name: string): number {
    const bit = newKeywordBit(account.account, account.keyword_next, name)
    if (bit < 0) return bit
    this.#insert.run(account.account, bit, name)
    account.keyword_next = bit + 1
    return bit
  }
}
