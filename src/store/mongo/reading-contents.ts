// Contents as they are read: prepared ENVELOPE and BODYSTRUCTURE and summaries in bulk, source and text one at a time.

import type { AccountId } from '../../model/ids.js'
import type { Summary } from '../../model/message.js'
import type { StoredSource } from '../messages.js'
import { LazySource } from '../stored-source.js'
import { betweenPages } from './access.js'
import type { MongoDatabase } from './database.js'
import { type ContentDocument, contentKey, sourceKey } from './schema.js'

/** Contents of one command and page: about 5 ms of the main thread. */
const PAGE = 1024
/** Pages that are asked for at once: MongoDB reads one while another is decoded here. */
const AHEAD = 3
/** Of a range of contents, at least one of so many must be wanted: else they are asked for one by one. */
const SPARSE = 2

export const summaryOf = (document: ContentDocument): Summary => ({
  envelope: document.envelope,
  structure: document.structure,
  subject: document.subject,
  from: document.sender,
  to: document.recipients,
  cc: document.cc,
  bcc: document.bcc,
  baseSubject: document.base_subject,
  sentDate: document.sent_date,
  sentZone: document.sent_zone,
  messageId: document.message_id,
  inReplyTo: document.in_reply_to,
  references: document.reference_ids,
  threadId: document.thread_id,
  intro: document.intro,
  hasAttachments: document.has_attachments,
})

/** What is asked for by range: neighbours are found in one walk over the keys, where $in looks each up. */
function filterOf(account: AccountId, contents: Uint32Array) {
  const lowest = contents.reduce((low, content) => Math.min(low, content), contents[0] ?? 0)
  const highest = contents.reduce((high, content) => Math.max(high, content), 0)
  if (highest - lowest < contents.length * SPARSE)
    return { _id: { $gte: contentKey(account, lowest), $lte: contentKey(account, highest) } }
  return { _id: { $in: Array.from(contents, (content) => contentKey(account, content)) } }
}

export class ContentReads {
  readonly #database: MongoDatabase

  constructor(database: MongoDatabase) {
    this.#database = database
  }

  summaries(account: AccountId, contents: Uint32Array): AsyncIterable<readonly (Summary | undefined)[]> {
    return this.#pages(account, contents, {}, summaryOf)
  }

  prepared(
    account: AccountId,
    contents: Uint32Array,
    what: 'envelope' | 'structure',
  ): AsyncIterable<readonly (Uint8Array | undefined)[]> {
    return this.#pages(account, contents, { [what]: 1 }, (document) => document[what])
  }

  /** Pages in the order of `contents`; the next are on their way while the caller tells of one. */
  async *#pages<T>(
    account: AccountId,
    contents: Uint32Array,
    projection: Record<string, 1>,
    of: (document: ContentDocument) => T,
  ): AsyncIterable<(T | undefined)[]> {
    const ask = (at: number) => {
      const page = this.#page(account, contents.subarray(at, at + PAGE), projection, of)
      // Awaited in its turn; a caller that has stopped listening by then leaves it unheard.
      page.catch(() => {})
      return page
    }
    const asked: Promise<(T | undefined)[]>[] = []
    for (let at = 0; at < contents.length || asked.length > 0; ) {
      for (; at < contents.length && asked.length < AHEAD; at += PAGE) asked.push(ask(at))
      const page = await asked.shift()
      if (page !== undefined) yield page
      await betweenPages()
    }
  }

  async #page<T>(
    account: AccountId,
    contents: Uint32Array,
    projection: Record<string, 1>,
    of: (document: ContentDocument) => T,
  ): Promise<(T | undefined)[]> {
    const filter = filterOf(account, contents)
    const found = await this.#database.read('reading contents', (session) =>
      this.#database
        .collection('content')
        .find(filter, { session, projection, hint: '_id_', batchSize: PAGE * SPARSE + 1 })
        .toArray(),
    )
    const byKey = new Map(found.map((document) => [document._id, document]))
    return Array.from(contents, (content) => {
      const document = byKey.get(contentKey(account, content))
      return document === undefined ? undefined : of(document)
    })
  }

  async source(account: AccountId, content: number): Promise<StoredSource | undefined> {
    const found = await this.#database.read('reading a source', (session) =>
      this.#database
        .collection('source')
        .findOne({ _id: sourceKey(account, content) }, { session, projection: { text: 0 } }),
    )
    return found === null ? undefined : new LazySource(found)
  }

  async text(account: AccountId, content: number): Promise<string | null | undefined> {
    const found = await this.#database.read('reading a text', (session) =>
      this.#database
        .collection('source')
        .findOne({ _id: sourceKey(account, content) }, { session, projection: { text: 1 } }),
    )
    return found === null ? undefined : found.text
  }
}
