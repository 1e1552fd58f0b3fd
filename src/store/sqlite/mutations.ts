// The store's part of the writer thread: its tables and its mutations by name. Loaded there by URL.

import type { Connection } from '../../kit/sqlite/connection.js'
import type { MutationModule } from '../../kit/sqlite/mutations.js'
import {
  addAddressMutation,
  createAccountMutation,
  createTokenMutation,
  recountStorageMutation,
  removeAccountMutation,
  removeAddressMutation,
  revokeTokenMutation,
  setPasswordMutation,
  setQuotaMutation,
} from './accounts.js'
import { appendMutation } from './append.js'
import type { Calls, MutationOf } from './calls.js'
import { changeFlagsMutation } from './change-flags.js'
import {
  addReferenceMutation,
  checkAccountMutation,
  checkMailboxMutation,
  dropReferenceMutation,
} from './check.js'
import {
  contentsCollectedMutation,
  dropAccountMutation,
  dropMailboxMutation,
  purgeContentsMutation,
  purgeTombstonesMutation,
} from './collect.js'
import { expungeMutation } from './expunge.js'
import {
  claimRecentMutation,
  createMailboxMutation,
  deleteMailboxMutation,
  renameMailboxMutation,
  subscribeMutation,
  unsubscribeMutation,
} from './mailboxes.js'
import {
  beginArrivalMutation,
  dropArrivedMutation,
  finishAccountMutation,
  finishArrivalMutation,
  restoreAccountMutation,
  restoreContentsMutation,
  restoreIndexMutation,
} from './restore.js'
import { migrations } from './schema.js'
import { copyMutation, moveMutation } from './transfer.js'

/** A write that changes nothing anybody reads: it shows that there is room and leave to write. */
function pingMutation(db: Connection): MutationOf<'ping'> {
  const write = db.prepare<[number]>("INSERT OR REPLACE INTO counter VALUES ('ping', ?)")
  return () => {
    write.run(Date.now())
  }
}

const mutations = (db: Connection): { [Name in keyof Calls]: MutationOf<Name> } => ({
  append: appendMutation(db),
  copy: copyMutation(db),
  move: moveMutation(db),
  changeFlags: changeFlagsMutation(db),
  expunge: expungeMutation(db),
  createMailbox: createMailboxMutation(db),
  renameMailbox: renameMailboxMutation(db),
  deleteMailbox: deleteMailboxMutation(db),
  subscribe: subscribeMutation(db),
  unsubscribe: unsubscribeMutation(db),
  claimRecent: claimRecentMutation(db),
  createAccount: createAccountMutation(db),
  setPassword: setPasswordMutation(db),
  setQuota: setQuotaMutation(db),
  recountStorage: recountStorageMutation(db),
  removeAccount: removeAccountMutation(db),
  addAddress: addAddressMutation(db),
  removeAddress: removeAddressMutation(db),
  createToken: createTokenMutation(db),
  revokeToken: revokeTokenMutation(db),
  ping: pingMutation(db),
  checkAccount: checkAccountMutation(db),
  checkMailbox: checkMailboxMutation(db),
  addReference: addReferenceMutation(db),
  dropReference: dropReferenceMutation(db),
  purgeContents: purgeContentsMutation(db),
  contentsCollected: contentsCollectedMutation(db),
  purgeTombstones: purgeTombstonesMutation(db),
  dropMailbox: dropMailboxMutation(db),
  dropAccount: dropAccountMutation(db),
  beginArrival: beginArrivalMutation(db),
  restoreAccount: restoreAccountMutation(db),
  restoreContents: restoreContentsMutation(db),
  restoreIndex: restoreIndexMutation(db),
  finishAccount: finishAccountMutation(db),
  dropArrived: dropArrivedMutation(db),
  finishArrival: finishArrivalMutation(db),
})

export const module: MutationModule = { name: 'store', migrations, mutations }
