// What `eider check` looks at inside a transaction, so that nothing moves meanwhile: a mailbox's index against its counters,
// an account's numbers against what they must be above. Repairs what follows from the index; the index itself is the truth.

import type { Connection } from '../../kit/sqlite/connection.js'
import { checkNumbers, type Extremes } from '../check-account.js'
import { type CheckedChunk, MailboxCheck } from '../check-mailbox.js'
import type { MutationOf } from './calls.js'
import { AccountRows, MailboxRows } from './rows.js'
import { contentRow } from './schema.js'

export function checkMailboxMutation(db: Connection): MutationOf<'checkMailbox'> {
  const mailboxes = new MailboxRows(db)
  const chunks = db.prepare<number[], CheckedChunk & { readonly id: number }>(
    `SELECT h.id AS id, h.chunk AS chunk, h.max_modseq AS max_modseq, h.entries AS hot, c.entries AS cold
     FROM index_hot h LEFT JOIN index_cold c USING (account, mailbox, chunk)
     WHERE h.account = ? AND h.mailbox = ? ORDER BY h.chunk`,
  )
  const coldAlone = db.prepare<number[], CheckedChunk>(
    `SELECT chunk, 0 AS max_modseq, NULL AS hot, entries AS cold FROM index_cold c WHERE account = ? AND mailbox = ?
       AND NOT EXISTS (SELECT 1 FROM index_hot h WHERE h.account = c.account AND h.mailbox = c.mailbox AND h.chunk = c.chunk)`,
  )
  const raise = db.prepare<number[]>('UPDATE index_hot SET max_modseq = ? WHERE id = ?')
  const keywords = db.prepare<[number], number>('SELECT bit FROM keyword WHERE account = ?').pluck()

  return ({ account, mailbox, repair }) => {
    const row = mailboxes.find(account, mailbox)
    if (row === undefined) return []
    const check = new MailboxCheck(row, repair)
    for (const chunk of chunks.all(account, mailbox)) {
      const maxModseq = check.add(chunk)
      if (maxModseq !== undefined && repair) raise.run(maxModseq, chunk.id)
    }
    for (const chunk of coldAlone.all(account, mailbox)) check.add(chunk)
    if (check.finish(keywords.all(account))) mailboxes.save(row, row.highest_modseq)
    return check.findings
  }
}

export function checkAccountMutation(db: Connection): MutationOf<'checkAccount'> {
  const accounts = new AccountRows(db)
  const extremes = db.prepare<number[], Extremes>(`SELECT
    (SELECT coalesce(sum(octets), 0) FROM mailbox WHERE account = ? AND deleted_at IS NULL) AS octets,
    (SELECT coalesce(max(highest_modseq), 0) FROM mailbox WHERE account = ?) AS modseq,
    (SELECT coalesce(max(mailbox), 0) FROM mailbox WHERE account = ?) AS mailbox,
    (SELECT coalesce(max(uid_validity), 0) FROM mailbox WHERE account = ?) AS uid_validity,
    (SELECT coalesce(max(bit), 0) FROM keyword WHERE account = ?) AS keyword,
    (SELECT coalesce(max(id), 0) % 4294967296 FROM content WHERE id >= ? * 4294967296 AND id < (? + 1) * 4294967296)
      AS content`)

  return ({ account: id, repair }) => {
    const account = accounts.find(id)
    if (account === undefined || account.state !== 'active') return []
    const real = extremes.get(id, id, id, id, id, id, id)
    if (real === undefined) return []
    const found = checkNumbers(account, real, repair)
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

export function dropReferenceMutation(db: Connection): MutationOf<'dropReference'> {
  const remove = db.prepare<unknown[]>(
    `DELETE FROM blob_reference WHERE account = ? AND content = ? AND hash = ?
     AND NOT EXISTS (SELECT 1 FROM content WHERE id = ?)`,
  )
  return ({ account, content, hash }) =>
    remove.run(account, content, hash, contentRow(account, content)).changes > 0
}
