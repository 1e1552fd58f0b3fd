// What `eider check` looks at inside a transaction, so that nothing moves meanwhile: a mailbox's index against its counters,
// an account's numbers against what they must be above. Repairs what follows from the index; the index itself is the truth.

import type { Connection } from '../../kit/sqlite/connection.js'
import { FLAG_WORDS } from '../../model/flags.js'
import { type FullColumns, tally } from '../columns.js'
import { decodeChunk } from '../index-codec.js'
import type { Finding } from '../maintenance.js'
import type { MailboxRow } from '../rows.js'
import type { MutationOf } from './calls.js'
import { AccountRows, MailboxRows } from './rows.js'

interface ChunkRow {
  readonly id: number
  readonly chunk: number
  readonly max_modseq: number
  readonly hot: Uint8Array
  readonly cold: Uint8Array | null
}

/** What a mailbox's index really holds, and what is wrong in it. */
class MailboxCount {
  readonly findings: Finding[] = []
  readonly counted: MailboxRow
  readonly where: string
  highestModseq = 0
  highestUid = 0
  usedBits = new Uint32Array(FLAG_WORDS)

  constructor(row: MailboxRow) {
    this.counted = { ...row, messages: 0, unseen: 0, deleted: 0, octets: 0 }
    this.where = `account ${row.account}, mailbox ${row.mailbox} ("${row.path}")`
  }

  found(kind: string, problem: string, repaired?: string): void {
    this.findings.push({ kind, where: this.where, problem, ...(repaired === undefined ? {} : { repaired }) })
  }

  /** Returns the highest modseq of the chunk's entries; undefined where it cannot be read. */
  add(row: ChunkRow): number | undefined {
    if (row.cold === null) {
      this.found('index', `chunk ${row.chunk} has no cold half`)
      return undefined
    }
    try {
      return this.#addColumns(row.chunk, decodeChunk(row.chunk, row.hot, row.cold))
    } catch (error) {
      // Whatever stands there instead of entries: it cannot be read.
      this.found('index', `chunk ${row.chunk}: ${error instanceof Error ? error.message : String(error)}`)
      return undefined
    }
  }

  #addColumns(chunk: number, columns: FullColumns): number {
    tally(this.counted, columns, 1)
    let highest = 0
    for (let at = 0; at < columns.length; at++) {
      const uid = columns.uids[at] ?? 0
      if (uid <= this.highestUid || uid === 0)
        this.found('index', `UID ${uid} of chunk ${chunk} is out of order`)
      this.highestUid = Math.max(this.highestUid, uid)
      highest = Math.max(highest, columns.modseqs[at] ?? 0)
      for (let word = 0; word < FLAG_WORDS; word++)
        this.usedBits[word] = (this.usedBits[word] ?? 0) | (columns.flags[at * FLAG_WORDS + word] ?? 0)
    }
    this.highestModseq = Math.max(this.highestModseq, highest)
    return highest
  }
}

const COUNTERS = ['messages', 'unseen', 'deleted', 'octets'] as const

/** Compares, and mends `row`; true where it has to be saved. */
function compare(count: MailboxCount, row: MailboxRow, repair: boolean): boolean {
  const before = count.findings.length
  const repaired = repair ? 'set right' : undefined
  for (const counter of COUNTERS) {
    const real = count.counted[counter]
    if (row[counter] !== real)
      count.found('counters', `${counter} is ${row[counter]}, the index has ${real}`, repaired)
    row[counter] = real
  }
  if (row.uid_next <= count.highestUid) {
    count.found('uidnext', `uidNext is ${row.uid_next}, the highest UID ${count.highestUid}`, repaired)
    row.uid_next = count.highestUid + 1
  }
  if (row.highest_modseq < count.highestModseq) {
    count.found(
      'modseq',
      `highestModseq is ${row.highest_modseq}, an entry has ${count.highestModseq}`,
      repaired,
    )
    row.highest_modseq = count.highestModseq
  }
  return count.findings.length > before
}

export function checkMailboxMutation(db: Connection): MutationOf<'checkMailbox'> {
  const mailboxes = new MailboxRows(db)
  const chunks = db.prepare<number[], ChunkRow>(
    `SELECT h.id AS id, h.chunk AS chunk, h.max_modseq AS max_modseq, h.entries AS hot, c.entries AS cold
     FROM index_hot h LEFT JOIN index_cold c USING (account, mailbox, chunk)
     WHERE h.account = ? AND h.mailbox = ? ORDER BY h.chunk`,
  )
  const coldAlone = db
    .prepare<number[], number>(
      `SELECT chunk FROM index_cold c WHERE account = ? AND mailbox = ?
       AND NOT EXISTS (SELECT 1 FROM index_hot h WHERE h.account = c.account AND h.mailbox = c.mailbox AND h.chunk = c.chunk)`,
    )
    .pluck()
  const raise = db.prepare<number[]>('UPDATE index_hot SET max_modseq = ? WHERE id = ?')
  const keywords = db.prepare<[number], number>('SELECT bit FROM keyword WHERE account = ?').pluck()

  const checkChunk = (count: MailboxCount, chunk: ChunkRow, repair: boolean): void => {
    const highest = count.add(chunk)
    if (highest === undefined || highest <= chunk.max_modseq) return
    const problem = `chunk ${chunk.chunk} says maxModseq ${chunk.max_modseq}, an entry has ${highest}`
    count.found('modseq', problem, repair ? 'set right' : undefined)
    if (repair) raise.run(highest, chunk.id)
  }

  const checkBits = (count: MailboxCount, account: number): void => {
    const known = new Set([0, 1, 2, 3, 4, ...keywords.all(account)])
    for (let bit = 0; bit < FLAG_WORDS * 32; bit++) {
      const used = ((count.usedBits[bit >>> 5] ?? 0) & (1 << (bit & 31))) !== 0
      if (used && !known.has(bit)) count.found('keywords', `flag bit ${bit} is set and has no name`)
    }
  }

  return ({ account, mailbox, repair }) => {
    const row = mailboxes.find(account, mailbox)
    if (row === undefined) return []
    const count = new MailboxCount(row)
    for (const chunk of chunks.all(account, mailbox)) checkChunk(count, chunk, repair)
    for (const chunk of coldAlone.all(account, mailbox))
      count.found('index', `chunk ${chunk} has no hot half`)
    checkBits(count, account)
    if (compare(count, row, repair) && repair) mailboxes.save(row, row.highest_modseq)
    return count.findings
  }
}

interface Extremes {
  readonly octets: number
  readonly modseq: number
  readonly mailbox: number
  readonly uid_validity: number
  readonly keyword: number
  readonly content: number
}

export function checkAccountMutation(db: Connection): MutationOf<'checkAccount'> {
  const accounts = new AccountRows(db)
  const extremes = db.prepare<number[], Extremes>(`SELECT
    (SELECT coalesce(sum(octets), 0) FROM mailbox WHERE account = ? AND deleted_at IS NULL) AS octets,
    (SELECT coalesce(max(highest_modseq), 0) FROM mailbox WHERE account = ?) AS modseq,
    (SELECT coalesce(max(mailbox), 0) FROM mailbox WHERE account = ?) AS mailbox,
    (SELECT coalesce(max(uid_validity), 0) FROM mailbox WHERE account = ?) AS uid_validity,
    (SELECT coalesce(max(bit), 0) FROM keyword WHERE account = ?) AS keyword,
    (SELECT coalesce(max(id), 0) FROM content WHERE id >= ? * 4294967296 AND id < (? + 1) * 4294967296) AS content`)

  return ({ account: id, repair }) => {
    const account = accounts.find(id)
    if (account === undefined || account.state !== 'active') return []
    const found: Finding[] = []
    const real = extremes.get(id, id, id, id, id, id, id)
    if (real === undefined) return []
    const expect = (
      kind: string,
      name: keyof typeof account,
      right: boolean,
      problem: string,
      mended: number,
    ) => {
      if (right) return
      const repaired = repair ? { repaired: `set to ${mended}` } : {}
      found.push({
        kind,
        where: `account ${id}`,
        problem: `${name} is ${account[name]}, ${problem}`,
        ...repaired,
      })
      Object.assign(account, { [name]: mended })
    }
    const content = real.content % 2 ** 32
    expect(
      'quota',
      'storage_used',
      account.storage_used === real.octets,
      `its mailboxes hold ${real.octets}`,
      real.octets,
    )
    expect('modseq', 'modseq', account.modseq >= real.modseq, `a mailbox has ${real.modseq}`, real.modseq)
    expect(
      'numbers',
      'mailbox_next',
      account.mailbox_next > real.mailbox,
      `a mailbox has ${real.mailbox}`,
      real.mailbox + 1,
    )
    expect(
      'numbers',
      'uid_validity',
      account.uid_validity >= real.uid_validity,
      `a mailbox has ${real.uid_validity}`,
      real.uid_validity,
    )
    expect(
      'numbers',
      'keyword_next',
      real.keyword === 0 || account.keyword_next > real.keyword,
      `a keyword has ${real.keyword}`,
      real.keyword + 1,
    )
    expect('numbers', 'content_next', account.content_next > content, `a content has ${content}`, content + 1)
    if (repair && found.length > 0) accounts.save(account)
    return found
  }
}

export function addReferenceMutation(db: Connection): MutationOf<'addReference'> {
  const insert = db.prepare<unknown[]>('INSERT OR IGNORE INTO blob_reference VALUES (?, ?, ?)')
  return ({ account, content, hash }) => {
    insert.run(account, content, hash)
    return undefined
  }
}
