// What a migration reads from an embedded store, in bounded pages. src/store/migration.ts.

import type { Connection } from '../../kit/sqlite/connection.js'
import type { Credential } from '../accounts.js'
import { noSuchAccount } from '../errors.js'
import type { Keyword } from '../keywords.js'
import {
  type DumpedAccount,
  type DumpedChunk,
  type DumpedContent,
  type DumpedTombstone,
  halfChunk,
  incomplete,
  PAGE_CONTENTS,
  PAGE_OCTETS,
} from '../migration.js'
import type { AccountRow, MailboxRow } from '../rows.js'
import type { SourceColumns } from '../stored-source.js'
import { AccountReads } from './reading.js'
import { type SummaryRow, summaryOf } from './reading-contents.js'
import { ACCOUNT_COLUMNS, MAILBOX_COLUMNS } from './rows.js'
import { contentRow } from './schema.js'

/** Packed values of one page. */
const PAGE_VALUES = 128

type WholeAccountRow = AccountRow & { readonly collected_until: number }
type ContentRow = SourceColumns & SummaryRow & { readonly id: number; readonly text: string | null }
type Place = [account: number, mailbox: number, chunkOrModseq: number]

export class Dump {
  readonly #accounts
  readonly #account
  readonly #credentials
  readonly #keywords
  readonly #subscriptions
  readonly #mailboxes
  readonly #contents
  readonly #highestContent
  readonly #chunks
  readonly #tombstones
  readonly #lastAccount
  readonly #arrival

  constructor(db: Connection) {
    this.#accounts = new AccountReads(db)
    this.#account = db.prepare<[number], WholeAccountRow>(
      `SELECT ${ACCOUNT_COLUMNS}, collected_until FROM account WHERE account = ?`,
    )
    this.#credentials = db.prepare<[number], Credential & { scope: string | null }>(
      'SELECT kind, hash, version, scope FROM credential WHERE account = ? ORDER BY kind',
    )
    this.#keywords = db.prepare<[number], Keyword>(
      'SELECT bit, name FROM keyword WHERE account = ? ORDER BY bit',
    )
    this.#subscriptions = db
      .prepare<[number], string>('SELECT path FROM subscription WHERE account = ? ORDER BY path')
      .pluck()
    this.#mailboxes = db.prepare<[number], MailboxRow>(
      `SELECT ${MAILBOX_COLUMNS} FROM mailbox WHERE account = ? ORDER BY mailbox`,
    )
    this.#contents = db.prepare<[number, number], ContentRow>(
      `SELECT s.*, c.id AS id, p.envelope, p.structure, o.size, o.trace, o.cuts, o.root, o.skeleton, t.text AS text
       FROM content c LEFT JOIN summary s ON s.id = c.source LEFT JOIN source o ON o.id = c.source
         LEFT JOIN prepared p ON p.id = c.source LEFT JOIN content_text t ON t.id = c.source
       WHERE c.id > ? AND c.id < ? ORDER BY c.id LIMIT ${PAGE_CONTENTS}`,
    )
    this.#highestContent = db
      .prepare<[number, number], number | null>('SELECT max(id) FROM content WHERE id > ? AND id < ?')
      .pluck()
    this.#chunks = db.prepare<Place, DumpedChunk & { cold: Uint8Array | null }>(
      `SELECT h.mailbox AS mailbox, h.chunk AS chunk, h.max_modseq AS maxModseq, h.entries AS hot, c.entries AS cold
       FROM index_hot h LEFT JOIN index_cold c USING (account, mailbox, chunk)
       WHERE h.account = ? AND (h.mailbox, h.chunk) > (?, ?) ORDER BY h.mailbox, h.chunk LIMIT ${PAGE_VALUES}`,
    )
    this.#tombstones = db.prepare<[...Place, id: number], DumpedTombstone & { id: number }>(
      `SELECT id, mailbox, chunk, modseq, expunged_at AS expungedAt, hot, cold FROM tombstone
       WHERE account = ? AND (mailbox, modseq, id) > (?, ?, ?) ORDER BY mailbox, modseq, id LIMIT ${PAGE_VALUES}`,
    )
    this.#lastAccount = db.prepare<[], number>("SELECT value FROM counter WHERE name = 'account'").pluck()
    this.#arrival = db.prepare<[], string>('SELECT source FROM arrival').pluck()
  }

  lastAccount(): number {
    return this.#lastAccount.get() ?? 0
  }

  arrival(): string | undefined {
    return this.#arrival.get()
  }

  /** In whatever state it is. */
  account(id: number): DumpedAccount | undefined {
    const row = this.#account.get(id)
    if (row === undefined) return undefined
    const { collected_until, ...account } = row
    return {
      account,
      collectedUntil: collected_until,
      credentials: this.#credentials.all(id),
      addresses: this.#accounts.addresses(id),
      keywords: this.#keywords.all(id),
      subscriptions: this.#subscriptions.all(id),
      mailboxes: this.#mailboxes.all(id),
    }
  }

  active(id: number): DumpedAccount {
    const dumped = this.account(id)
    if (dumped?.account.state !== 'active') throw noSuchAccount(id)
    return dumped
  }

  /** 0 where it has none. */
  highestContent(account: number): number {
    const first = contentRow(account, 0)
    return (this.#highestContent.get(first, contentRow(account + 1, 0)) ?? first) - first
  }

  /** Empty at the end. */
  contents(account: number, after: number): DumpedContent[] {
    const page: DumpedContent[] = []
    let octets = 0
    for (const row of this.#contents.iterate(contentRow(account, after), contentRow(account + 1, 0))) {
      const content = row.id - contentRow(account, 0)
      page.push(contentOf(account, content, row))
      octets += row.skeleton.length + row.trace.length + row.root.length + (row.text?.length ?? 0)
      if (octets >= PAGE_OCTETS) break
    }
    return page
  }

  chunks(account: number, after: DumpedChunk | undefined): DumpedChunk[] {
    const rows = this.#chunks.all(account, after?.mailbox ?? 0, after?.chunk ?? -1)
    const half = rows.find(({ cold }) => cold === null)
    if (half !== undefined) throw halfChunk(account, half)
    return rows
  }

  tombstones(account: number, after: TombstoneRow | undefined): TombstoneRow[] {
    return this.#tombstones.all(account, after?.mailbox ?? 0, after?.modseq ?? -1, after?.id ?? 0)
  }
}

type TombstoneRow = DumpedTombstone & { readonly id: number }

function contentOf(account: number, content: number, row: ContentRow): DumpedContent {
  const isWhole = (row.subject as string | null) !== null && (row.envelope as unknown) !== null
  if (!isWhole) throw incomplete(account, `content ${content} has no summary`)
  if ((row.size as number | null) === null) throw incomplete(account, `content ${content} has no source`)
  const { size, trace, cuts, root, skeleton, text } = row
  return { content, summary: summaryOf(row), source: { size, trace, cuts, root, skeleton }, text }
}
