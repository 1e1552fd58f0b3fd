// `eider check`: everything that is kept, verified. The store looks at its own invariants; what spans the stores is
// looked at here: each blob is what its name says, and each message that has large bodies can be built again.

import type { AccountId, MailboxId } from '../model/ids.js'
import { isStoreError } from '../store/errors.js'
import type { Mailbox } from '../store/mailboxes.js'
import type { Finding } from '../store/maintenance.js'
import type { Services } from './services.js'
import { type MessageSource, openSources } from './source.js'

export async function* checkEverything(
  services: Services,
  options: { readonly repair: boolean },
): AsyncGenerator<Finding, void, undefined> {
  yield* services.store.check(options)
  for await (const { hash, size, computed } of services.blobs.verify()) {
    if (hash === computed) continue
    yield { kind: 'blob', where: `blob ${hash}`, problem: `its ${size} octets have the hash ${computed}` }
  }
  yield* checkReferences(services)
  for await (const { id, state } of services.store.accounts())
    if (state === 'active') yield* checkMessages(services, id)
}

/** Blobs that something refers to, also mail that was expunged and may be asked for still: each is there. */
async function* checkReferences({ store, blobs }: Services): AsyncGenerator<Finding, void, undefined> {
  for await (const page of store.allReferencedBlobs()) {
    for (const hash of page) {
      try {
        // Reads nothing, but looks for it.
        for await (const _ of blobs.read(hash, 0, 0));
      } catch (error) {
        if (!isStoreError(error, 'corrupt')) throw error
        yield { kind: 'blob', where: `blob ${hash}`, problem: 'a content refers to it, and it is not there' }
      }
    }
  }
}

async function* checkMessages(
  services: Services,
  account: AccountId,
): AsyncGenerator<Finding, void, undefined> {
  const seen = new Set<number>()
  for (const { id, path } of await mailboxesOf(services, account)) {
    for await (const { uids, contents, sizes } of newContentsOf(services, account, id, seen)) {
      let at = 0
      for await (const source of openSources(services, account, contents, sizes)) {
        const problem = await rebuild(source)
        const where = `account ${account}, mailbox ${path}, UID ${uids[at]}, content ${contents[at]}`
        if (problem !== undefined) yield { kind: 'content', where, problem }
        at++
      }
    }
  }
}

/** None where the account has gone since it was listed. */
async function mailboxesOf({ store }: Services, account: AccountId): Promise<Mailbox[]> {
  try {
    return await store.mailboxes(account)
  } catch (error) {
    if (isStoreError(error, 'no-such-account')) return []
    throw error
  }
}

interface Contents {
  readonly uids: Uint32Array
  readonly contents: Uint32Array
  readonly sizes: Float64Array
}

/** Those that are not in `seen`, which they are put into. */
async function* newContentsOf(
  services: Services,
  account: AccountId,
  mailbox: MailboxId,
  seen: Set<number>,
): AsyncGenerator<Contents, void, undefined> {
  try {
    for await (const { entries } of services.store.entries(account, mailbox, { cold: true })) {
      const { uids, cold } = entries
      if (cold === undefined) continue
      const isNew = Uint8Array.from(cold.contents, (content) => {
        const before = seen.size
        return seen.add(content).size - before
      })
      const ofNew = (_: number, at: number) => isNew[at] === 1
      yield {
        uids: uids.filter(ofNew),
        contents: cold.contents.filter(ofNew),
        sizes: cold.sizes.filter(ofNew),
      }
    }
  } catch (error) {
    // Deleted, or only a name: nothing to look at.
    if (!isStoreError(error, 'no-such-mailbox') && !isStoreError(error, 'no-such-account')) throw error
  }
}

/** What stands in the way of the whole source; undefined where nothing does, or the message has gone meanwhile. */
async function rebuild(source: MessageSource | undefined): Promise<string | undefined> {
  try {
    // Without large bodies the store has seen all of it.
    if (source === undefined || source.inMemory() !== undefined) return undefined
    let octets = 0
    for await (const piece of source.read()) octets += piece.length
    return octets === source.size
      ? undefined
      : `its source rebuilds to ${octets} octets instead of ${source.size}`
  } catch (error) {
    if (isStoreError(error, 'corrupt')) return error.message
    throw error
  }
}
