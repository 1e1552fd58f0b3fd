// APPEND and delivery (RFC 3501 §6.3.11): content, index, counters, quota and references, all in one transaction.

import type { Connection } from '../../kit/sqlite/connection.js'
import { chargeQuota } from '../allowances.js'
import type { FullColumns } from '../columns.js'
import { noSuchAddress, noSuchMailbox } from '../errors.js'
import { newEntries } from '../new-entries.js'
import type { AccountRow, MailboxRow } from '../rows.js'
import type { AppendArgs, AppendResult, MutationOf, PackedContent, PackedMessage } from './calls.js'
import { IndexRows } from './index-rows.js'
import { KeywordRows } from './keyword-rows.js'
import { AccountRows, MailboxRows } from './rows.js'
import { contentRow } from './schema.js'

/** What is kept of a message apart from its place: inserted only. */
export class ContentRows {
  readonly #content
  readonly #prepared
  readonly #summary
  readonly #source
  readonly #text
  readonly #reference

  constructor(db: Connection) {
    this.#content = db.prepare<unknown[]>('INSERT INTO content VALUES (?, ?)')
    this.#prepared = db.prepare<unknown[]>('INSERT INTO prepared VALUES (?, ?, ?)')
    this.#summary = db.prepare<unknown[]>(
      'INSERT INTO summary VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)',
    )
    this.#source = db.prepare<unknown[]>(
      'INSERT INTO source (trace, size, cuts, root, skeleton) VALUES (?, ?, ?, ?, ?)',
    )
    this.#text = db.prepare<unknown[]>('INSERT INTO content_text (id, text) VALUES (?, ?)')
    this.#reference = db.prepare<unknown[]>('INSERT INTO blob_reference VALUES (?, ?, ?)')
  }

  insert(account: number, content: number, trace: Uint8Array, message: PackedContent): void {
    const source = this.#source.run(trace, ...message.source).lastInsertRowid
    this.#content.run(contentRow(account, content), source)
    this.#prepared.run(source, ...message.prepared)
    this.#summary.run(source, ...message.summary)
    if (message.text !== null) this.#text.run(source, message.text)
    for (let at = 0; at < message.blobs.length; at += 32)
      this.#reference.run(account, content, message.blobs.subarray(at, at + 32))
  }
}

/** What a mailbox gets in one mutation, in order. */
interface Batch {
  readonly box: MailboxRow
  readonly account: AccountRow
  readonly messages: PackedMessage[]
  /** The place of each in the answer. */
  readonly places: number[]
}

export function appendMutation(db: Connection): MutationOf<'append'> {
  const accounts = new AccountRows(db)
  const mailboxes = new MailboxRows(db)
  const index = new IndexRows(db)
  const keywords = new KeywordRows(db)
  const contents = new ContentRows(db)

  const isAddress = db
    .prepare<[string, number], number>('SELECT 1 FROM address WHERE address_key = ? AND account = ?')
    .pluck()

  const batchesOf = ({ deliveries }: AppendArgs): Batch[] => {
    const rows = new Map<number, AccountRow>()
    const batches = new Map<string, Batch>()
    deliveries.forEach(({ account, mailbox, message, path, addressKey }, place) => {
      const row = rows.get(account) ?? accounts.take(account)
      rows.set(account, row)
      if (addressKey !== undefined && isAddress.get(addressKey, account) === undefined)
        throw noSuchAddress(account, addressKey)
      const key = `${account}/${mailbox}`
      const batch = batches.get(key) ?? {
        box: mailboxes.take(account, mailbox),
        account: row,
        messages: [],
        places: [],
      }
      if (path !== undefined && batch.box.path !== path) throw noSuchMailbox(account, mailbox)
      batches.set(key, batch)
      batch.messages.push(message)
      batch.places.push(place)
    })
    return [...batches.values()]
  }

  /** Entries at the end of its mailbox, which its account has room for. */
  const enter = ({ box, account, messages }: Batch, quotaLimit: number): FullColumns => {
    const columns = newEntries(account, box, messages, Date.now(), (flags) =>
      keywords.words(account, flags, true),
    )
    chargeQuota(account, index.append(box, columns, account.modseq), quotaLimit)
    mailboxes.save(box, account.modseq)
    return columns
  }

  const keep = ({ box, account, messages, places }: Batch, columns: FullColumns, results: AppendResult[]) => {
    messages.forEach((message, at) => {
      const content = columns.cold.contents[at] ?? 0
      contents.insert(account.account, content, message.trace, message.content)
      results[places[at] ?? 0] = {
        uidValidity: box.uid_validity,
        uid: columns.uids[at] ?? 0,
        content,
        modseq: account.modseq,
      }
    })
  }

  return (args) => {
    const results: AppendResult[] = []
    const batches = batchesOf(args)
    // What is kept of a message may be a thousand rows for each recipient: none before all have room.
    const entered = batches.map((batch) => ({ batch, columns: enter(batch, args.quotaLimit) }))
    for (const { batch, columns } of entered) keep(batch, columns, results)
    for (const account of new Set(batches.map((batch) => batch.account))) accounts.save(account)
    return results
  }
}
