// `eider check`: everything that is kept, verified. The store looks at its own invariants; what spans the stores is
// looked at here: each blob is what its name says, and each message that has large bodies can be built again.

import type { AccountId, ContentId, MailboxId } from '../model/ids.js'
import { isStoreError } from '../store/errors.js'
import type { Mailbox } from '../store/mailboxes.js'
import type { Finding } from '../store/maintenance.js'
import type { Services } from './services.js'
import { openSource } from './source.js'

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
    for await (const { content, uid } of contentsOf(services, account, id)) {
      if (seen.has(content)) continue
      seen.add(content)
      const problem = await rebuild(services, account, content)
      const where = `account ${account}, mailbox ${path}, UID ${uid}, content ${content}`
      if (problem !== undefined) yield { kind: 'content', where, problem }
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

async function* contentsOf(
  services: Services,
  account: AccountId,
  mailbox: MailboxId,
): AsyncGenerator<{ content: ContentId; uid: number }, void, undefined> {
  try {
    for await (const { entries } of services.store.entries(account, mailbox, { cold: true })) {
      for (let i = 0; i < entries.length; i++) {
        yield { content: (entries.cold?.contents[i] ?? 0) as ContentId, uid: entries.uids[i] ?? 0 }
      }
    }
  } catch (error) {
    // Deleted, or only a name: nothing to look at.
    if (!isStoreError(error, 'no-such-mailbox') && !isStoreError(error, 'no-such-account')) throw error
  }
}

/** What stands in the way of the whole source; undefined where nothing does, or the message has gone meanwhile. */
async function rebuild(
  services: Services,
  account: AccountId,
  content: ContentId,
): Promise<string | undefined> {
  try {
    const source = await openSource(services, account, content)
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
