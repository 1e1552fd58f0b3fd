// `eider check` on SQLite: each mailbox and account inside a transaction (check.ts), contents in pages.

import type { Connection } from '../../kit/sqlite/connection.js'
import {
  checkContent,
  checkEntries,
  Doubt,
  decodedOrNone,
  loneReference,
  missingReference,
  orphan,
  type SourceLengths,
} from '../check-content.js'
import type { Finding } from '../maintenance.js'
import { type Access, betweenPages } from './access.js'
import { NEVER_COLLECTED } from './collect.js'
import { Marking } from './marking.js'
import { contentRow } from './schema.js'

interface ContentRow extends SourceLengths {
  readonly id: number
  readonly source: number | null
  /** Null where the summary or what is prepared of it is not there. */
  readonly summary: number | null
}

const PAGE = 512

export class Checker {
  readonly #access: Access
  readonly #marking: Marking
  readonly #accounts
  readonly #isDue
  readonly #mailboxes
  readonly #hot
  readonly #sizes
  readonly #contents
  readonly #references
  readonly #loneReferences

  constructor(access: Access, db: Connection) {
    this.#access = access
    this.#marking = new Marking(db)
    this.#accounts = db
      .prepare<[], number>("SELECT account FROM account WHERE state = 'active' ORDER BY account")
      .pluck()
    this.#isDue = db.prepare<number[]>('SELECT 1 FROM account WHERE account = ? AND collected_until = ?')
    this.#mailboxes = db.prepare<[number], number>('SELECT mailbox FROM mailbox WHERE account = ?').pluck()
    this.#hot = db
      .prepare<number[], Uint8Array>(
        'SELECT entries FROM index_hot WHERE account = ? AND mailbox = ? AND chunk = ?',
      )
      .pluck()
    this.#sizes = db.prepare<[number], { size: number; trace: number }>(
      'SELECT s.size AS size, length(s.trace) AS trace FROM content c JOIN source s ON s.id = c.source WHERE c.id = ?',
    )
    // length() of a stored value reads its header only.
    this.#contents = db.prepare<number[], ContentRow>(
      `SELECT c.id AS id, s.id AS source, s.size AS size, length(s.trace) AS trace, length(s.skeleton) AS skeleton, s.cuts AS cuts,
         t.id + p.id AS summary
       FROM content c LEFT JOIN source s ON s.id = c.source LEFT JOIN summary t ON t.id = c.source
         LEFT JOIN prepared p ON p.id = c.source
       WHERE c.id > ? AND c.id < ? ORDER BY c.id LIMIT ${PAGE}`,
    )
    this.#references = db.prepare<unknown[]>(
      'SELECT 1 FROM blob_reference WHERE account = ? AND content = ? AND hash = ?',
    )
    this.#loneReferences = db.prepare<number[], { content: number; hash: Uint8Array }>(
      `SELECT content, hash FROM blob_reference r WHERE account = ?
       AND NOT EXISTS (SELECT 1 FROM content WHERE id = r.account * 4294967296 + r.content)`,
    )
  }

  async *check(repair: boolean): AsyncIterable<Finding> {
    for (const account of this.#accounts.all()) {
      const doubt = new Doubt()
      for (const mailbox of this.#mailboxes.all(account))
        yield* doubt.after(await this.#access.write('checkMailbox', { account, mailbox, repair }))
      yield* await this.#access.write('checkAccount', { account, repair })
      yield* doubt.after(this.#checkEntries(account))
      yield* this.#checkContents(account, repair)
      yield* this.#checkReferences(account, repair)
      yield* this.#checkOrphans(account, repair, doubt)
    }
  }

  /** Each entry of the index has its content, of the size that it says. */
  async *#checkEntries(account: number): AsyncIterable<Finding> {
    for await (const { mailbox, chunk, entries } of this.#marking.cold(account)) {
      const columns = decodedOrNone(chunk, this.#hot.get(account, mailbox, chunk), entries)
      if (columns === undefined) continue
      yield* checkEntries({ account, mailbox }, columns, (content) =>
        this.#sizes.get(contentRow(account, content)),
      )
    }
  }

  /** Each content has all its rows, rebuilds to the size it says, and refers to each of its blobs. */
  async *#checkContents(account: number, repair: boolean): AsyncIterable<Finding> {
    const first = contentRow(account, 0)
    for (let last = first; ; ) {
      const rows = this.#contents.all(last, contentRow(account + 1, 0))
      if (rows.length === 0) return
      for (const row of rows) yield* this.#checkContent(account, row.id - first, row, repair)
      last = rows.at(-1)?.id ?? last
      await betweenPages()
    }
  }

  async *#checkContent(
    account: number,
    content: number,
    row: ContentRow,
    repair: boolean,
  ): AsyncIterable<Finding> {
    const source = row.source === null ? undefined : row
    const { findings, blobs } = checkContent({ account, content }, source, row.summary !== null)
    yield* findings
    for (const blob of blobs) {
      const hash = Buffer.from(blob, 'hex')
      if (this.#references.get(account, content, hash) !== undefined) continue
      if (repair) await this.#access.write('addReference', { account, content, hash })
      const repaired = repair ? { repaired: 'added' } : {}
      yield missingReference(account, content, blob, repaired)
    }
  }

  /** What refers to a blob is there: else the blob is kept for ever. */
  async *#checkReferences(account: number, repair: boolean): AsyncIterable<Finding> {
    for (const { content, hash } of this.#loneReferences.all(account)) {
      const drop = { account, content, hash }
      const repaired =
        repair && (await this.#access.write('dropReference', drop)) ? { repaired: 'deleted' } : {}
      yield loneReference(account, content, Buffer.from(hash).toString('hex'), repaired)
    }
  }

  /** Contents that neither an entry nor a tombstone names. Those that the collector will purge are not among them. */
  async *#checkOrphans(account: number, repair: boolean, doubt: Doubt): AsyncIterable<Finding> {
    const state = this.#access.accounts.numbers(account)
    if (state === undefined) return
    const alive = await this.#marking.alive(account, 0, doubt.unreadable)
    yield* doubt.findings
    if (this.#isDue.get(account, NEVER_COLLECTED) !== undefined) return
    for await (const page of this.#marking.contents(account, state.content_next))
      for (const content of page.filter((one) => !alive.has(one))) {
        const purge = { account, contents: [content], since: state.modseq }
        const deleted = repair && !doubt.exists && (await this.#access.write('purgeContents', purge)) === 1
        yield orphan(account, content, doubt.exists, deleted ? { repaired: 'deleted' } : {})
      }
  }
}
