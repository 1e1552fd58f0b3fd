// What nobody names any more goes, one slice a mutation. docs/architecture.md, "What is kept for what is gone": the mark is
// made by reading in pages (marking.ts); a purge first looks again, in its transaction, at what has changed since the mark.

import { StoreError } from '../errors.js'
import { decodeContents } from '../index-codec.js'
import { isMailboxKey } from './mailboxes.js'
import {
  type AccountDocument,
  accountKey,
  chunkKeys,
  contentKey,
  contentOfKey,
  type Kind,
  keysBelow,
  mailboxKey,
  narrowKeys,
  recentKey,
  sourceKey,
  type TombstoneDocument,
  tombstoneKey,
} from './schema.js'
import type { Mutation, Unit } from './unit.js'

/** Documents of one slice. */
const SLICE = 256

/** What one slice removed, and whether there is more. */
export interface Purged {
  readonly purged: number
  readonly more: boolean
}

const NOTHING: Purged = { purged: 0, more: false }

/** Undefined where it is not there or is being removed; its modseq stays as it is. */
async function activeAccount(unit: Unit, account: number): Promise<AccountDocument | undefined> {
  const found = await unit.get('account', accountKey(account))
  return found?.state === 'active' ? found : undefined
}

export interface ContentsPurge {
  readonly account: number
  /** In one page of the account's contents, ascending. */
  readonly contents: readonly number[]
  /** The mark's, and the mailboxes that it left out. */
  readonly since: number
  readonly without: ReadonlySet<number>
}

/** Takes from `doomed` what was named since the mark: by an entry, or by the tombstone of an entry. */
async function spareNamed(unit: Unit, doomed: Set<number>, purge: ContentsPurge): Promise<void> {
  const { account, since, without } = purge
  const own = narrowKeys(account)
  const narrow = await unit.look('mailbox', own.from, own.to, Number.POSITIVE_INFINITY)
  const changed = narrow.filter(
    ({ _id, mailbox, highest_modseq }) =>
      isMailboxKey(_id) && highest_modseq > since && !without.has(mailbox),
  )
  const named = await Promise.all(
    changed.flatMap(({ mailbox }) => [
      unit.changedChunks(account, mailbox, since),
      buriedSince(unit, account, mailbox, since),
    ]),
  )
  for (const cold of named.flat()) decodeContents(cold, (content) => doomed.delete(content))
}

async function buriedSince(unit: Unit, account: number, mailbox: number, since: number) {
  const { to } = keysBelow(mailboxKey(account, mailbox))
  const from = tombstoneKey(account, mailbox, since + 1, 0)
  const found = await unit.look('tombstone', from, to, Number.POSITIVE_INFINITY)
  return found.map(({ cold }) => cold)
}

/** Returns how many contents were purged. */
export const purgeContentsMutation = (purge: ContentsPurge): Mutation<number> => ({
  name: 'purgeContents',
  accounts: [purge.account],
  async run(unit) {
    const { account, contents } = purge
    if ((await activeAccount(unit, account)) === undefined) return 0
    const doomed = new Set(contents)
    const { to } = keysBelow(contentKey(account, contents.at(-1) ?? 0))
    const [references] = await Promise.all([
      unit.keys('reference', contentKey(account, contents[0] ?? 0), to, Number.POSITIVE_INFINITY),
      spareNamed(unit, doomed, purge),
    ])
    for (const content of doomed) {
      unit.remove('content', contentKey(account, content))
      unit.remove('source', sourceKey(account, content))
    }
    for (const key of references) if (doomed.has(contentOfKey(key))) unit.remove('reference', key)
    return doomed.size
  },
})

export const contentsCollectedMutation = (account: number, until: number): Mutation<void> => ({
  name: 'contentsCollected',
  accounts: [account],
  async run(unit) {
    const document = await activeAccount(unit, account)
    if (document !== undefined) document.collected_until = until
  },
})

/** `tombstones` have been found to be old: they never change. */
export const purgeTombstonesMutation = (
  account: number,
  tombstones: readonly Pick<TombstoneDocument, '_id' | 'mailbox' | 'modseq'>[],
): Mutation<void> => ({
  name: 'purgeTombstones',
  accounts: [account],
  async run(unit) {
    if ((await activeAccount(unit, account)) === undefined) return
    const numbers = [...new Set(tombstones.map(({ mailbox }) => mailbox))]
    const documents = await unit.getAll(
      'mailbox',
      numbers.map((mailbox) => mailboxKey(account, mailbox)),
    )
    for (const { _id, mailbox, modseq } of tombstones) {
      unit.remove('tombstone', _id)
      const box = documents[numbers.indexOf(mailbox)]
      if (box !== undefined) box.purged_modseq = Math.max(box.purged_modseq, modseq)
    }
  },
})

type Heap = readonly [kind: Kind, range: { readonly from: string; readonly to: string }]

/** Removes up to a slice of what lies in ranges of keys, one after another; how many. */
async function shovel(unit: Unit, heaps: readonly Heap[], spare?: string): Promise<number> {
  let purged = 0
  for (const [kind, { from, to }] of heaps) {
    if (purged >= SLICE) break
    for (const id of await unit.keys(kind, from, to, SLICE - purged)) {
      if (id === spare) continue
      unit.remove(kind, id)
      purged++
    }
  }
  return purged
}

/** Of a deleted mailbox, after the contents that only it names. */
export const dropMailboxMutation = (account: number, mailbox: number): Mutation<Purged> => ({
  name: 'dropMailbox',
  accounts: [account],
  needs: [{ kind: 'mailbox', id: mailboxKey(account, mailbox) }],
  async run(unit) {
    const key = mailboxKey(account, mailbox)
    const box = await unit.get('mailbox', key)
    // Another collector was here.
    if (box === undefined) return NOTHING
    if (box.deleted_at === null)
      throw new StoreError('no-such-mailbox', `mailbox ${mailbox} of account ${account} has not been deleted`)
    const purged = await shovel(unit, [
      ['chunk', chunkKeys(account, mailbox)],
      ['tombstone', keysBelow(key)],
    ])
    if (purged >= SLICE) return { purged, more: true }
    unit.remove('recent', recentKey(account, mailbox))
    unit.remove('mailbox', key)
    return { purged, more: false }
  },
})

/** All that an account has; itself is the last to go. */
const OF_ACCOUNT = [
  'tombstone',
  'content',
  'reference',
  'subscription',
  'credential',
  'address',
  'outbox',
  'account',
] as const

export const dropAccountMutation = (account: number): Mutation<Purged> => ({
  name: 'dropAccount',
  accounts: [account],
  async run(unit) {
    const key = accountKey(account)
    const document = await unit.get('account', key)
    if (document === undefined) return NOTHING
    if (document.state !== 'removing')
      throw new StoreError('no-such-account', `account ${account} is not being removed`)
    const purged = await shovel(
      unit,
      OF_ACCOUNT.map((kind): Heap => [kind, keysBelow(key)]),
      key,
    )
    if (purged >= SLICE - 1) return { purged, more: true }
    unit.remove('account', key)
    return { purged, more: false }
  },
})
