// AccountStore on MongoDB.

import { MAX_ACCOUNT, modSeq } from '../../model/ids.js'
import type { AccountStore } from '../accounts.js'
import { StoreError } from '../errors.js'
import { accountOf } from '../rows.js'
import type { Access } from './access.js'
import {
  addAddressMutation,
  createAccountMutation,
  createTokenMutation,
  noSuchToken,
  removeAccountMutation,
  removeAddressMutation,
  revokeTokenMutation,
  setPasswordMutation,
  setQuotaMutation,
} from './accounts.js'
import type { MongoDatabase } from './database.js'
import { within } from './failures.js'
import { AccountReads } from './reading-accounts.js'
import { recountStorageMutation } from './recount.js'
import { storeCollection } from './store-collection.js'

/** A number for a new account, given to nobody else: where no account comes of it, it is left out. */
async function newAccountNumber(database: MongoDatabase): Promise<number> {
  const count = storeCollection(database).findOneAndUpdate(
    { _id: 'account' },
    { $inc: { value: 1 } },
    { upsert: true, returnDocument: 'after' },
  )
  const number = (await within(database.timeoutMs, 'numbering an account', count))?.value ?? 0
  if (number > MAX_ACCOUNT) throw new StoreError('limit', 'all numbers of accounts have been given out')
  return number
}

export function accountMethods(access: Access): AccountStore {
  const { database, mutate } = access
  const accounts = new AccountReads(access)
  return {
    createAccount: async (account) =>
      accountOf(await mutate(createAccountMutation(await newAccountNumber(database), account))),
    account: (id) => accounts.account(id),
    accountByName: (usernameKey) => accounts.byName(usernameKey),
    accountByLogin: (key) => accounts.byLogin(key),
    async *accounts(after = 0 as never) {
      let last: number = after
      for (;;) {
        const page = await accounts.page(last)
        if (page.length === 0) return
        yield* page
        last = page.at(-1)?.id ?? last
      }
    },
    credential: (id) => accounts.credential(id),
    async setPassword(account, hash) {
      const { version, modseq } = await mutate(setPasswordMutation(account, hash))
      return { version, modseq: modSeq(modseq) }
    },
    async setQuota(account, quota) {
      const { previous, modseq } = await mutate(setQuotaMutation(account, quota))
      return { previous, modseq: modSeq(modseq) }
    },
    recountStorage: (account) => mutate(recountStorageMutation(account)),
    removeAccount: (account) => mutate(removeAccountMutation(account)),

    addAddress: (account, address) => mutate(addAddressMutation(account, address)),
    removeAddress: (account, addressKey) => mutate(removeAddressMutation(account, addressKey)),
    addresses: (id) => accounts.addresses(id),
    resolve: (addressKey, options) => accounts.resolve(addressKey, options),

    createToken: (token) => mutate(createTokenMutation(token)),
    tokens: () => accounts.tokens(),
    tokenByHash: (hash) => accounts.tokenByHash(hash),
    async revokeToken(id) {
      const token = await accounts.tokenById(id)
      if (token === undefined) throw noSuchToken(id)
      await mutate(revokeTokenMutation(token.hash, id))
    },
  }
}
