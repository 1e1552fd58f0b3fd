// What `eider check` finds in an account's own numbers: each must be above, or the sum of, what the account has. Pure: the
// engines read, and write what was mended.

import type { Finding } from './maintenance.js'
import type { AccountRow } from './rows.js'

/** What the account really has; 0 where it has none. */
export interface Extremes {
  /** Of its mailboxes that are not deleted. */
  readonly octets: number
  /** The highest of each. */
  readonly modseq: number
  readonly mailbox: number
  readonly uid_validity: number
  readonly keyword: number
  readonly content: number
}

interface Expectation {
  readonly kind: string
  readonly name: 'storage_used' | 'modseq' | 'mailbox_next' | 'uid_validity' | 'keyword_next' | 'content_next'
  readonly right: boolean
  readonly problem: string
  readonly mended: number
}

const expectations = (account: AccountRow, real: Extremes): Expectation[] => [
  {
    kind: 'quota',
    name: 'storage_used',
    right: account.storage_used === real.octets,
    problem: `its mailboxes hold ${real.octets}`,
    mended: real.octets,
  },
  {
    kind: 'modseq',
    name: 'modseq',
    right: account.modseq >= real.modseq,
    problem: `a mailbox has ${real.modseq}`,
    mended: real.modseq,
  },
  {
    kind: 'numbers',
    name: 'mailbox_next',
    right: account.mailbox_next > real.mailbox,
    problem: `a mailbox has ${real.mailbox}`,
    mended: real.mailbox + 1,
  },
  {
    kind: 'numbers',
    name: 'uid_validity',
    right: account.uid_validity >= real.uid_validity,
    problem: `a mailbox has ${real.uid_validity}`,
    mended: real.uid_validity,
  },
  {
    kind: 'numbers',
    name: 'keyword_next',
    right: real.keyword === 0 || account.keyword_next > real.keyword,
    problem: `a keyword has ${real.keyword}`,
    mended: real.keyword + 1,
  },
  {
    kind: 'numbers',
    name: 'content_next',
    right: account.content_next > real.content,
    problem: `a content has ${real.content}`,
    mended: real.content + 1,
  },
]

/** Sets `account` right where `repair` says so. */
export function checkNumbers(account: AccountRow, real: Extremes, repair: boolean): Finding[] {
  const wrong = expectations(account, real).filter(({ right }) => !right)
  return wrong.map(({ kind, name, problem, mended }) => {
    const finding = {
      kind,
      where: `account ${account.account}`,
      problem: `${name} is ${account[name]}, ${problem}`,
    }
    if (!repair) return finding
    account[name] = mended
    return { ...finding, repaired: `set to ${mended}` }
  })
}
