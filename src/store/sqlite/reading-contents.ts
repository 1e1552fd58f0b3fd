// Contents as they are read: prepared ENVELOPE and BODYSTRUCTURE and summaries in bulk, source and text one at a time.

import type { Connection } from '../../kit/sqlite/connection.js'
import type { Cut, Part, Summary } from '../../model/message.js'
import type { StoredSource } from '../messages.js'
import { contentRow } from './schema.js'

/** Contents of one page: about 1 ms. */
export const CONTENT_PAGE = 1024
/** A range of ids is read as a whole where at least one in this many of them is wanted. */
const DENSE = 4

type Stored = string | Uint8Array

interface SummaryRow {
  readonly id: number
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
  readonly envelope: Stored
  readonly structure: Stored
}

interface SourceRow {
  readonly size: number
  readonly trace: Uint8Array
  readonly cuts: string
  readonly root: string
  readonly skeleton: Uint8Array
}

const octetsOf = (stored: Stored): Uint8Array =>
  typeof stored === 'string' ? Buffer.from(stored, 'latin1') : stored

const summaryOf = (row: SummaryRow): Summary => ({
  envelope: octetsOf(row.envelope),
  structure: octetsOf(row.structure),
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

/** The tree of parts is parsed when somebody asks for it: most reads of a source do not. */
class LazySource implements StoredSource {
  readonly trace: Uint8Array
  readonly skeleton: Uint8Array
  readonly cuts: readonly Cut[]
  readonly size: number
  readonly #json: string
  #root: Part | undefined

  constructor(row: SourceRow) {
    this.trace = row.trace
    this.skeleton = row.skeleton
    this.cuts = row.cuts === '[]' ? [] : (JSON.parse(row.cuts) as Cut[])
    this.size = row.size
    this.#json = row.root
  }

  get root(): Part {
    this.#root ??= JSON.parse(this.#json) as Part
    return this.#root
  }
}

type Range = (low: number, high: number) => Iterable<[id: number, stored: Stored]>
type Single = (id: number) => Stored | undefined

export class ContentReads {
  readonly #ranges: Record<'envelope' | 'structure', Range>
  readonly #singles: Record<'envelope' | 'structure', Single>
  readonly #summary
  readonly #source
  readonly #text

  constructor(db: Connection) {
    const range = (column: string): Range => {
      const statement = db
        .prepare<[number, number], [number, Stored]>(
          `SELECT id, ${column} FROM content WHERE id BETWEEN ? AND ? ORDER BY id`,
        )
        .raw() as unknown as { iterate(low: number, high: number): Iterable<[number, Stored]> }
      return (low, high) => statement.iterate(low, high)
    }
    const single = (column: string): Single => {
      const statement = db.prepare<[number], Stored>(`SELECT ${column} FROM content WHERE id = ?`).pluck()
      return (id) => statement.get(id)
    }
    this.#ranges = { envelope: range('envelope'), structure: range('structure') }
    this.#singles = { envelope: single('envelope'), structure: single('structure') }
    this.#summary = db.prepare<[number], SummaryRow>('SELECT * FROM content WHERE id = ?')
    this.#source = db.prepare<[number], SourceRow>(
      'SELECT s.size, s.trace, s.cuts, s.root, s.skeleton FROM content c JOIN source s ON s.id = c.source WHERE c.id = ?',
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
    let low = Number.POSITIVE_INFINITY
    let high = 0
    let ascending = true
    for (let at = 0; at < contents.length; at++) {
      const content = contents[at] ?? 0
      if (at > 0 && content <= high) ascending = false
      low = Math.min(low, content)
      high = Math.max(high, content)
    }
    if (!ascending || high - low + 1 > contents.length * DENSE)
      return Array.from(contents, (content) => {
        const stored = this.#singles[what](contentRow(account, content))
        return stored === undefined ? undefined : octetsOf(stored)
      })
    return this.#preparedRange(account, contents, what, low, high)
  }

  #preparedRange(
    account: number,
    contents: Uint32Array,
    what: 'envelope' | 'structure',
    low: number,
    high: number,
  ): (Uint8Array | undefined)[] {
    const page: (Uint8Array | undefined)[] = new Array(contents.length).fill(undefined)
    const first = contentRow(account, 0)
    let at = 0
    for (const [id, stored] of this.#ranges[what](contentRow(account, low), contentRow(account, high))) {
      const content = id - first
      while (at < contents.length && (contents[at] ?? 0) < content) at++
      if (contents[at] === content) page[at] = octetsOf(stored)
    }
    return page
  }

  summary(account: number, content: number): Summary | undefined {
    const row = this.#summary.get(contentRow(account, content))
    return row === undefined ? undefined : summaryOf(row)
  }

  source(account: number, content: number): StoredSource | undefined {
    const row = this.#source.get(contentRow(account, content))
    return row === undefined ? undefined : new LazySource(row)
  }

  text(account: number, content: number): string | null | undefined {
    const text = this.#text.get(contentRow(account, content))
    if (text !== undefined) return text
    return this.isThere(account, content) ? null : undefined
  }

  isThere(account: number, content: number): boolean {
    return this.#singles.envelope(contentRow(account, content)) !== undefined
  }
}
