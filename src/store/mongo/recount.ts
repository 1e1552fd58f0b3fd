// What an account stores, counted again from the index: the mailboxes' counters may be what is wrong.

import { decodeChunk } from '../index-codec.js'
import { chunksOf } from './index-documents.js'
import { isMailboxKey } from './mailboxes.js'
import { narrowKeys } from './schema.js'
import type { Mutation } from './unit.js'

export const recountStorageMutation = (
  number: number,
): Mutation<{ previous: number; storageUsed: number }> => ({
  name: 'recountStorage',
  accounts: [number],
  async run(unit) {
    const account = await unit.account(number)
    const previous = account.storage_used
    const own = narrowKeys(number)
    const narrow = await unit.look('mailbox', own.from, own.to, Number.POSITIVE_INFINITY)
    const live = narrow.filter(({ _id, deleted_at }) => isMailboxKey(_id) && deleted_at === null)
    let octets = 0
    for (const box of live)
      for await (const { chunk, hot, cold } of chunksOf(unit, box))
        for (const size of decodeChunk(chunk, hot, cold).cold.sizes) octets += size
    // True as long as the account's version stands, which the transaction makes sure of also where it writes nothing.
    if (octets === previous) account.modseq--
    else account.storage_used = octets
    return { previous, storageUsed: octets }
  },
})
