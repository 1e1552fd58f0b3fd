// APPEND and delivery (RFC 3501 §6.3.11): content, index, counters, quota and references, all in one transaction.

import { type AccountId, contentId, type MailboxId, modSeq, uid } from '../../model/ids.js'
import type { MailboxPath } from '../../model/mailbox-path.js'
import { chargeQuota } from '../allowances.js'
import type { FullColumns } from '../columns.js'
import { noSuchAddress, noSuchMailbox } from '../errors.js'
import { CHUNK_SIZE, chunkOf } from '../index-codec.js'
import type { Appended } from '../messages.js'
import { newEntries } from '../new-entries.js'
import { appendEntries } from './index-documents.js'
import { wordsOf } from './keywords.js'
import { octetsOf, type PackedMessage } from './pack-message.js'
import {
  type AccountDocument,
  accountKey,
  chunkKey,
  contentKey,
  type MailboxDocument,
  mailboxKey,
  referenceKey,
  sourceKey,
} from './schema.js'
import type { Key, Mutation, Unit } from './unit.js'

export interface PackedDelivery {
  readonly account: AccountId
  readonly mailbox: MailboxId
  readonly message: PackedMessage
  /** Must be the mailbox's name, and an address of the account's, still. */
  readonly path?: MailboxPath | undefined
  readonly addressKey?: string | undefined
}

/** What a mailbox gets in one mutation, in order. */
interface Batch {
  readonly account: AccountId
  readonly mailbox: MailboxId
  readonly messages: PackedMessage[]
  /** The place of each in the answer. */
  readonly places: number[]
}

function batchesOf(deliveries: readonly PackedDelivery[]): Batch[] {
  const batches = new Map<string, Batch>()
  deliveries.forEach(({ account, mailbox, message }, place) => {
    const key = mailboxKey(account, mailbox)
    const batch = batches.get(key) ?? { account, mailbox, messages: [], places: [] }
    batches.set(key, batch)
    batch.messages.push(message)
    batch.places.push(place)
  })
  return [...batches.values()]
}

function insertContent(unit: Unit, account: number, content: number, message: PackedMessage): void {
  const _id = contentKey(account, content)
  unit.insert('content', { _id, ...message.content })
  unit.insert('source', { _id: sourceKey(account, content), ...message.source })
  for (const hash of message.blobs)
    unit.insert('reference', { _id: referenceKey(account, content, hash), account, hash })
}

/** A batch whose entries stand at the end of its mailbox. */
interface Entered {
  readonly account: Readonly<AccountDocument>
  readonly box: Readonly<MailboxDocument>
  readonly batch: Batch
  readonly columns: FullColumns
}

/** Throws `quota-exceeded`. */
async function enter(
  unit: Unit,
  account: AccountDocument,
  batch: Batch,
  quotaLimit: number,
): Promise<Entered> {
  const box = await unit.mailbox(batch.account, batch.mailbox)
  const columns = newEntries(account, box, batch.messages, Date.now(), (flags) =>
    wordsOf(account, flags, true),
  )
  chargeQuota(account, await appendEntries(unit, box, columns, account.modseq), quotaLimit)
  return { account, box, batch, columns }
}

function keep(unit: Unit, { account, box, batch, columns }: Entered, results: Appended[]): void {
  batch.messages.forEach((message, at) => {
    const content = columns.cold.contents[at] ?? 0
    insertContent(unit, batch.account, content, message)
    results[batch.places[at] ?? 0] = {
      uidValidity: box.uid_validity,
      uid: uid(columns.uids[at] ?? 0),
      content: contentId(content),
      modseq: modSeq(account.modseq),
    }
  })
}

/** That the place is still what it was found by. Throws `no-such-mailbox`, `no-such-address`. */
async function demandPlace(
  unit: Unit,
  { account, mailbox, path, addressKey }: PackedDelivery,
): Promise<void> {
  if (path !== undefined && (await unit.mailbox(account, mailbox)).path !== path)
    throw noSuchMailbox(account, mailbox)
  if (addressKey !== undefined && (await unit.get('name', addressKey))?.address !== accountKey(account))
    throw noSuchAddress(account, addressKey)
}

/** The chunks that the entries will go into, all by one command. */
async function loadEnds(unit: Unit, batches: readonly Batch[]): Promise<void> {
  const ends: string[] = []
  for (const { account, mailbox } of batches) {
    const { uid_next } = await unit.mailbox(account, mailbox)
    if (uid_next % CHUNK_SIZE !== 0) ends.push(chunkKey(account, mailbox, chunkOf(uid_next)))
  }
  await unit.getAll('chunk', ends)
}

export function appendMutation(
  deliveries: readonly PackedDelivery[],
  quotaLimit: number,
): Mutation<Appended[]> {
  const batches = batchesOf(deliveries)
  const accounts = [...new Set(batches.map(({ account }) => account))]
  const addressKeys = deliveries.flatMap(({ addressKey }) => addressKey ?? [])
  return {
    name: 'append',
    accounts,
    needs: [
      ...batches.map(({ account, mailbox }): Key => ({ kind: 'mailbox', id: mailboxKey(account, mailbox) })),
      ...addressKeys.map((id): Key => ({ kind: 'name', id })),
    ],
    octets: deliveries.reduce((sum, { message }) => sum + octetsOf(message), 0),
    async run(unit) {
      const results: Appended[] = []
      const taken = new Map<number, AccountDocument>()
      for (const account of accounts) taken.set(account, await unit.account(account))
      for (const delivery of deliveries) await demandPlace(unit, delivery)
      await loadEnds(unit, batches)
      const entered: Entered[] = []
      for (const batch of batches) {
        const account = taken.get(batch.account) ?? (await unit.account(batch.account))
        entered.push(await enter(unit, account, batch, quotaLimit))
      }
      // What is kept of a message may be a thousand documents for each recipient: none before all have room.
      for (const one of entered) keep(unit, one, results)
      return results
    },
  }
}
