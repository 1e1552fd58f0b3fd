// Contents as they are read: prepared ENVELOPE and BODYSTRUCTURE in bulk, the rest one at a time.

import type { Connection } from '../../kit/sqlite/connection.js'
import type { Summary, SummaryFields } from '../../model/message.js'
import type { StoredSource } from '../messages.js'
import { LazySource, type SourceColumns } from '../stored-source.js'
import { contentRow } from './schema.js'

/** Contents of one page: about 1 ms. */
export const CONTENT_PAGE = 1024

type Stored = string | Uint8Array

interface FieldsRow {
  readonly subject: string
  readonly base_subject: string
  readonly sent_date: number | null
  readonly sent_zone: number
  readonly has_attachments: number
  readonly sender: string
  readonly recipients: string
  readonly cc: string
  readonly bcc: string
  readonly message_id: string
  readonly in_reply_to: string
  readonly reference_ids: string
  readonly thread_id: string
  readonly intro: string
}

export interface SummaryRow extends FieldsRow {
  readonly envelope: Stored
  readonly structure: Stored
}

const octetsOf = (stored: Stored): Uint8Array =>
  typeof stored === 'string' ? Buffer.from(stored, 'latin1') : stored

const fieldsOf = (row: FieldsRow): SummaryFields => ({
  subject: row.subject,
  from: row.sender,
  to: row.recipients,
  cc: row.cc,
  bcc: row.bcc,
  baseSubject: row.base_subject,
  sentDate: row.sent_date,
  sentZone: row.sent_zone,
  messageId: row.message_id,
  inReplyTo: row.in_reply_to,
  references: row.reference_ids === '' ? [] : row.reference_ids.split('\n'),
  threadId: row.thread_id,
  intro: row.intro,
  hasAttachments: row.has_attachments === 1,
})

export const summaryOf = (row: SummaryRow): Summary => ({
  envelope: octetsOf(row.envelope),
  structure: octetsOf(row.structure),
  ...fieldsOf(row),
})

/** The octets of a page one behind the other, and how many each has, -1 where it is not there. */
type Joined = [octets: Uint8Array | null, lengths: string | null]

/** Whether `ids` are one run of numbers, as those of messages that came in one after another are. */
const isRun = (ids: readonly number[]): boolean =>
  ids.every((id, at) => at === 0 || id === (ids[at - 1] as number) + 1)

function divide([octets, lengths]: Joined): (Uint8Array | undefined)[] {
  if (octets === null || lengths === null) return (lengths ?? '').split(',').map(() => undefined)
  let at = octets.byteOffset
  return lengths.split(',').map((text) => {
    const length = Number(text)
    if (length < 0) return undefined
    at += length
    return new Uint8Array(octets.buffer, at - length, length)
  })
}

export class ContentReads {
  readonly #joined
  readonly #run
  readonly #isThere
  readonly #summary
  readonly #sources
  readonly #text

  /** Sources, which are most of the file, are read by `bulk`. */
  constructor(db: Connection, bulk: Connection) {
    // One value a page instead of one a row: the binding takes 2 µs for each value, SQLite a fifth of that to join them.
    const join = (column: string) =>
      `SELECT CAST(group_concat(p.${column}, '') AS BLOB), group_concat(coalesce(octet_length(p.${column}), -1))`
    const joined = (column: string) =>
      db
        .prepare<[string], Joined>(
          `${join(column)} FROM json_each(?) wanted LEFT JOIN content c ON c.id = wanted.value
           LEFT JOIN prepared p ON p.id = c.source`,
        )
        .raw()
    // Without JSON, in half the time.
    const run = (column: string) =>
      db
        .prepare<[number, number], Joined>(
          `${join(column)} FROM (SELECT r.${column} FROM content c JOIN prepared r ON r.id = c.source
           WHERE c.id BETWEEN ? AND ? ORDER BY c.id) p`,
        )
        .raw()
    this.#joined = { envelope: joined('envelope'), structure: joined('structure') }
    this.#run = { envelope: run('envelope'), structure: run('structure') }
    this.#isThere = db.prepare<[number]>('SELECT 1 FROM content WHERE id = ?')
    this.#summary = db.prepare<[number], FieldsRow>(
      'SELECT s.* FROM content c JOIN summary s ON s.id = c.source WHERE c.id = ?',
    )
    const source = bulk.prepare<[number], SourceColumns>(
      'SELECT s.size, s.trace, s.cuts, s.root, s.skeleton FROM content c JOIN source s ON s.id = c.source WHERE c.id = ?',
    )
    this.#sources = bulk.transaction((ids: readonly number[]) =>
      ids.map((id) => {
        const row = source.get(id)
        return row === undefined ? undefined : new LazySource(row)
      }),
    )
    this.#text = db
      .prepare<[number], string>(
        'SELECT t.text FROM content c JOIN content_text t ON t.id = c.source WHERE c.id = ?',
      )
      .pluck()
  }

  /** In the order of `contents`, which is one page. */
  prepared(
    account: number,
    contents: Uint32Array,
    what: 'envelope' | 'structure',
  ): (Uint8Array | undefined)[] {
    const ids = Array.from(contents, (content) => contentRow(account, content))
    const [first, last] = [ids[0], ids.at(-1)]
    if (first === undefined || last === undefined) return []
    const run = isRun(ids) ? this.#run[what].get(first, last) : undefined
    const divided = run === undefined ? [] : divide(run)
    // One that is missing leaves a gap, which the lengths of a run do not tell of.
    if (divided.length === ids.length) return divided
    const joined = this.#joined[what].get(JSON.stringify(ids))
    return joined === undefined ? [] : divide(joined)
  }

  summary(account: number, content: number): SummaryFields | undefined {
    const row = this.#summary.get(contentRow(account, content))
    return row === undefined ? undefined : fieldsOf(row)
  }

  /** In the order of `contents`, which is one page: in one read transaction, whose begin and end cost as much as a read. */
  sources(account: number, contents: Uint32Array): (StoredSource | undefined)[] {
    return this.#sources(Array.from(contents, (content) => contentRow(account, content)))
  }

  text(account: number, content: number): string | null | undefined {
    const text = this.#text.get(contentRow(account, content))
    if (text !== undefined) return text
    return this.isThere(account, content) ? null : undefined
  }

  isThere(account: number, content: number): boolean {
    return this.#isThere.get(contentRow(account, content)) !== undefined
  }
}
