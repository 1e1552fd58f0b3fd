// AccountStore on SQLite.

import { modSeq } from '../../model/ids.js'
import type { AccountStore } from '../accounts.js'
import { accountOf } from '../rows.js'
import { type Access, betweenPages } from './access.js'

export const accountMethods = ({ accounts, last, write }: Access): AccountStore => ({
  createAccount: async (account) => accountOf(await write('createAccount', account)),
  account: async (id) => accounts.account(id),
  accountByName: async (usernameKey) => accounts.byName(usernameKey),
  async accountByLogin(key) {
    const account = accounts.byName(key) ?? accounts.resolve(key)[0]?.account
    if (account?.state !== 'active') return undefined
    return { account, credential: accounts.credential(account.id) }
  },
  async *accounts(after = 0 as never) {
    let reached: number = after
    for (;;) {
      const page = accounts.page(reached)
      if (page.length === 0) return
      yield* page
      reached = page.at(-1)?.id ?? reached
      await betweenPages()
    }
  },
  credential: async (id) => accounts.credential(id),
  async setPassword(account, hash) {
    const { version, modseq } = await write('setPassword', { account, hash })
    return { version, modseq: modSeq(modseq) }
  },
  async setQuota(account, quota) {
    const { previous, modseq } = await write('setQuota', { account, quota })
    return { previous, modseq: modSeq(modseq) }
  },
  recountStorage: (account) => write('recountStorage', { account }),
  removeAccount: (account) => write('removeAccount', { account }),

  addAddress: (account, address) => write('addAddress', { account, ...address }),
  removeAddress: (account, addressKey) => write('removeAddress', { account, addressKey }),
  async addresses(id) {
    accounts.demand(id)
    return accounts.addresses(id)
  },
  async resolve(addressKey, options) {
    if (options?.remembered !== true) return accounts.resolve(addressKey)
    const holder = last.holders.get(addressKey, () => accounts.holder(addressKey))
    if (holder === undefined) return []
    const account = last.accounts.get(holder, () => accounts.account(holder))
    return account === undefined ? [] : [{ account }]
  },

  createToken: (token) => write('createToken', { label: token.label, hash: token.hash }),
  tokens: async () => accounts.tokens(),
  tokenByHash: async (hash) => accounts.tokenByHash(hash),
  revokeToken: (id) => write('revokeToken', { id }),
})
