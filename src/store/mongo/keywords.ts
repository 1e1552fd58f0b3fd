// Keywords of an account stand in its document; they are numbered inside the mutation that first uses them.

import { flagTableOf, flagWords, newKeywordBit } from '../keywords.js'
import type { AccountDocument } from './schema.js'

/** Bits of the named flags; keywords that the account does not have yet are numbered where `add` says so, else left out. */
export const wordsOf = (account: AccountDocument, flags: readonly string[], add: boolean): Uint32Array =>
  flagWords(
    {
      read: () => flagTableOf(account.keywords),
      add: (name) => {
        const bit = newKeywordBit(account.account, account.keyword_next, name)
        if (bit < 0) return bit
        account.keywords = [...account.keywords, { bit, name }]
        account.keyword_next = bit + 1
        return bit
      },
    },
    flags,
    add,
  )
