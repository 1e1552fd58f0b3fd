// What an account stores, counted again from the index: the mailboxes' counters may be what is wrong.

import { decodeChunk } from '../index-codec.js'
import { isMailboxKey } from './mailboxes.js'
import { chunkKeys, narrowKeys } from './schema.js'
import type { Mutation } from './unit.js'

/** Chunks of one read: some 1 MB. */
const PAGE = 128

export const recountStorageMutation = (
  number: number,
): Mutation<{ previous: number; storageUsed: number }> => ({
  name: 'recountStorage',
  accounts: [number],
  async run(unit) {
    const account = await unit.account(number)
    const previous = account.storage_used
    const own = narrowKeys(number)
    const live = (await unit.range('mailbox', own.from, own.to)).filter(
      ({ _id, deleted_at }) => isMailboxKey(_id) && deleted_at === null,
    )
    let octets = 0
    for (const { mailbox } of live) {
      const { from: first, to } = chunkKeys(number, mailbox)
      for (let from: string | undefined = first; from !== undefined; ) {
        const page: readonly { _id: string; chunk: number; hot: Uint8Array; cold: Uint8Array }[] =
          await unit.range('chunk', from, to, PAGE)
        for (const { chunk, hot, cold } of page)
          for (const size of decodeChunk(chunk, hot, cold).cold.sizes) octets += size
        const last = page.at(-1)
        // The next possible key.
        from = last === undefined || page.length < PAGE ? undefined : `${last._id}0`
      }
    }
    if (octets === previous) account.modseq--
    else account.storage_used = octets
    return { previous, storageUsed: octets }
  },
})
