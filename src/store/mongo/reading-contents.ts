// Contents as they are read: in pages, each by one command, but for texts.

import { BSON, type FindOptions } from 'mongodb'
import { readAhead } from '../../kit/read-ahead.js'
import type { AccountId } from '../../model/ids.js'
import type { Summary, SummaryFields } from '../../model/message.js'
import type { StoredSource } from '../messages.js'
import { LazySource, sourcePagesOf, summaryPagesOf } from '../stored-source.js'
import { betweenPages } from './access.js'
import type { MongoDatabase } from './database.js'
import { type ContentDocument, contentKey, sourceKey } from './schema.js'

/** Contents of one command and page: about 5 ms of the main thread. */
const PAGE = 1024
/** Pages that are on their way while one is told of: MongoDB reads one while another is decoded here. */
const AHEAD = 2
/** Octets and sources of one page: two of them, for one is on its way, are what a client that does not read holds here. */
const SOURCES = { octets: 2 ** 20, count: 64 }
/** Of a range of contents, at least one of so many must be wanted: else they are asked for one by one. */
const SPARSE = 2

type FieldsDocument = Omit<ContentDocument, 'envelope' | 'structure'>

const fieldsOf = (document: FieldsDocument): SummaryFields => ({
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

export const summaryOf = (document: ContentDocument): Summary => ({
  envelope: document.envelope,
  structure: document.structure,
  ...fieldsOf(document),
})

const { parseToElements } = BSON.onDemand
/** Types of elements (https://bsonspec.org/spec.html): before the octets of either stands their number, behind a string a NUL. */
const STRING = 2
const BINARY = 5

/**
 * The key and the one binary field of a document as it came: of many documents, the driver takes three times as long to make
 * objects. Without octets where it has no such field.
 */
function rawPrepared(document: Buffer): readonly [key: string, octets: Uint8Array | undefined] {
  let key = ''
  let octets: Uint8Array | undefined
  for (const [type, , , at, length] of parseToElements(document)) {
    if (type === STRING) key = document.toString('latin1', at + 4, at + length - 1)
    else if (type === BINARY) octets = document.subarray(at + 5, at + length)
  }
  return [key, octets]
}

/** What is asked for by range: neighbours are found in one walk over the keys, where $in looks each up. */
function filterOf(account: AccountId, contents: Uint32Array) {
  const lowest = contents.reduce((low, content) => Math.min(low, content), contents[0] ?? 0)
  const highest = contents.reduce((high, content) => Math.max(high, content), 0)
  if (highest - lowest < contents.length * SPARSE)
    return { _id: { $gte: contentKey(account, lowest), $lte: contentKey(account, highest) } }
  return { _id: { $in: Array.from(contents, (content) => contentKey(account, content)) } }
}

function* pagesOf(contents: Uint32Array): Iterable<Uint32Array> {
  for (let at = 0; at < contents.length; at += PAGE) yield contents.subarray(at, at + PAGE)
}

/** The next `ahead` pages are on their way while the caller tells of one. */
async function* readPages<T>(
  pages: Iterable<Uint32Array>,
  ahead: number,
  read: (page: Uint32Array) => Promise<T>,
): AsyncIterable<T> {
  for await (const page of readAhead(pages, ahead, read)) {
    yield page
    await betweenPages()
  }
}

export class ContentReads {
  readonly #database: MongoDatabase

  constructor(database: MongoDatabase) {
    this.#database = database
  }

  summaries(
    account: AccountId,
    contents: Uint32Array,
    sizes: Float64Array,
  ): AsyncIterable<readonly (SummaryFields | undefined)[]> {
    const read = (document: FieldsDocument) => [document._id, fieldsOf(document)] as const
    const pages = summaryPagesOf(contents, sizes, PAGE)
    return this.#pages(account, pages, { projection: { envelope: 0, structure: 0 } }, read)
  }

  prepared(
    account: AccountId,
    contents: Uint32Array,
    what: 'envelope' | 'structure',
  ): AsyncIterable<readonly (Uint8Array | undefined)[]> {
    const read = (document: unknown) => rawPrepared(document as Buffer)
    return this.#pages(account, pagesOf(contents), { projection: { [what]: 1 }, raw: true }, read)
  }

  /** Each page in its order; `read` gives of each document its key and what is wanted of it. */
  #pages<T>(
    account: AccountId,
    pages: Iterable<Uint32Array>,
    options: FindOptions,
    read: (document: ContentDocument) => readonly [string, T],
  ): AsyncIterable<(T | undefined)[]> {
    return readPages(pages, AHEAD, async (page) => {
      const found = await this.#database.read('reading contents', (session) =>
        this.#database
          .collection('content')
          .find(filterOf(account, page), {
            session,
            hint: '_id_',
            batchSize: PAGE * SPARSE + 1,
            ...options,
          })
          .toArray(),
      )
      const byKey = new Map(found.map(read))
      return Array.from(page, (content) => byKey.get(contentKey(account, content)))
    })
  }

  sources(
    account: AccountId,
    contents: Uint32Array,
    sizes: Float64Array,
  ): AsyncIterable<readonly (StoredSource | undefined)[]> {
    return readPages(sourcePagesOf(contents, sizes, SOURCES), 1, (page) => this.#sourcePage(account, page))
  }

  async #sourcePage(account: AccountId, contents: Uint32Array): Promise<(StoredSource | undefined)[]> {
    const keys = Array.from(contents, (content) => sourceKey(account, content))
    const found = await this.#database.read('reading sources', (session) =>
      this.#database
        .collection('source')
        .find({ _id: { $in: keys } }, { session, projection: { text: 0 }, batchSize: SOURCES.count + 1 })
        .toArray(),
    )
    const byKey = new Map(found.map((document) => [document._id, document]))
    return keys.map((key) => {
      const document = byKey.get(key)
      return document === undefined ? undefined : new LazySource(document)
    })
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
