// What nobody names any more goes, one slice a mutation. docs/architecture.md, "What is kept for what is gone": the mark is
// made by reading in pages (marking.ts); a purge first reads again what has changed since the mark began.

import type { Connection } from '../../kit/sqlite/connection.js'
import { StoreError } from '../errors.js'
import { decodeContents } from '../index-codec.js'
import type { MutationOf, Purged } from './calls.js'
import { contentRow } from './schema.js'

/** Rows of one slice: contents cost some 50 µs each, packed values 20. */
const SLICE_ROWS = 128

/** `collected_until` of an account whose contents must all be looked at. */
export const NEVER_COLLECTED = -1

/** Deletes what is kept of a content. */
function contentRemover(db: Connection): (account: number, content: number) => void {
  const find = db.prepare<[number], number>('SELECT source FROM content WHERE id = ?').pluck()
  const removals = ['source', 'content_text', 'summary', 'prepared'].map((table) =>
    db.prepare<[number]>(`DELETE FROM ${table} WHERE id = ?`),
  )
  const row = db.prepare<[number]>('DELETE FROM content WHERE id = ?')
  const references = db.prepare<[number, number]>(
    'DELETE FROM blob_reference WHERE account = ? AND content = ?',
  )
  return (account, content) => {
    const source = find.get(contentRow(account, content))
    if (source === undefined) return
    for (const removal of removals) removal.run(source)
    row.run(contentRow(account, content))
    references.run(account, content)
  }
}

export function purgeContentsMutation(db: Connection): MutationOf<'purgeContents'> {
  const remove = contentRemover(db)
  const changed = db
    .prepare<[number, number], Uint8Array>(
      `SELECT c.entries FROM mailbox m CROSS JOIN index_hot h USING (account, mailbox)
       CROSS JOIN index_cold c USING (account, mailbox, chunk) WHERE m.account = ? AND h.max_modseq > ?`,
    )
    .pluck()
  const buried = db
    .prepare<[number, number], Uint8Array>(
      `SELECT t.cold FROM mailbox m CROSS JOIN tombstone t USING (account, mailbox) WHERE m.account = ? AND t.modseq > ?`,
    )
    .pluck()
  return ({ account, contents, since }) => {
    const doomed = new Set(contents)
    for (const cold of [...changed.all(account, since), ...buried.all(account, since)])
      decodeContents(cold, (content) => doomed.delete(content))
    for (const content of doomed) remove(account, content)
    return doomed.size
  }
}

export function contentsCollectedMutation(db: Connection): MutationOf<'contentsCollected'> {
  const save = db.prepare<[number, number]>('UPDATE account SET collected_until = ? WHERE account = ?')
  return ({ account, until }) => {
    save.run(until, account)
    return undefined
  }
}

export function purgeTombstonesMutation(db: Connection): MutationOf<'purgeTombstones'> {
  const old = db.prepare<number[], { id: number; mailbox: number; modseq: number }>(
    `SELECT id, mailbox, modseq FROM tombstone WHERE account = ? AND expunged_at < ? AND modseq <= ?
     ORDER BY expunged_at LIMIT ${SLICE_ROWS}`,
  )
  const remove = db.prepare<[number]>('DELETE FROM tombstone WHERE id = ?')
  const purge = db.prepare<number[]>(
    'UPDATE mailbox SET purged_modseq = max(purged_modseq, ?) WHERE account = ? AND mailbox = ?',
  )
  return ({ account, before, upTo }) => {
    const rows = old.all(account, before, upTo)
    for (const { id, mailbox, modseq } of rows) {
      remove.run(id)
      purge.run(modseq, account, mailbox)
    }
    return { purged: rows.length, more: rows.length === SLICE_ROWS }
  }
}

/** Deletes some rows of one table; how many. */
type Shovel = (account: number, mailbox: number) => number

/** Both halves of a chunk go together. */
function chunkShovel(db: Connection): Shovel {
  const chunksOf = (table: string) => `SELECT chunk FROM ${table} WHERE account = ? AND mailbox = ?`
  const last = db
    .prepare<number[], number | null>(
      `SELECT max(chunk) FROM (${chunksOf('index_hot')} UNION ${chunksOf('index_cold')} ORDER BY chunk LIMIT ${SLICE_ROWS / 2})`,
    )
    .pluck()
  const removals = ['index_hot', 'index_cold'].map((table) =>
    db.prepare<number[]>(`DELETE FROM ${table} WHERE account = ? AND mailbox = ? AND chunk <= ?`),
  )
  return (account, mailbox) => {
    const upTo = last.get(account, mailbox, account, mailbox) ?? -1
    return removals.reduce((sum, removal) => sum + removal.run(account, mailbox, upTo).changes, 0)
  }
}

function tombstoneShovel(db: Connection): Shovel {
  const remove = db.prepare<number[]>(
    `DELETE FROM tombstone WHERE id IN (SELECT id FROM tombstone WHERE account = ? AND mailbox = ? LIMIT ${SLICE_ROWS})`,
  )
  return (account, mailbox) => remove.run(account, mailbox).changes
}

export function dropMailboxMutation(db: Connection): MutationOf<'dropMailbox'> {
  const shovels = [chunkShovel(db), tombstoneShovel(db)]
  const isDeleted = db.prepare<number[]>(
    'SELECT 1 FROM mailbox WHERE account = ? AND mailbox = ? AND deleted_at IS NOT NULL',
  )
  const removeRow = db.prepare<number[]>('DELETE FROM mailbox WHERE account = ? AND mailbox = ?')
  // With its rows goes what tells that its contents are to be looked for: the next round does, whatever becomes of this one.
  const markDue = db.prepare<number[]>('UPDATE account SET collected_until = ? WHERE account = ?')
  return ({ account, mailbox }) => {
    if (isDeleted.get(account, mailbox) === undefined)
      throw new StoreError('no-such-mailbox', `mailbox ${mailbox} of account ${account} has not been deleted`)
    markDue.run(NEVER_COLLECTED, account)
    for (const shovel of shovels) {
      const purged = shovel(account, mailbox)
      if (purged > 0) return { purged, more: true }
    }
    removeRow.run(account, mailbox)
    return { purged: 1, more: false }
  }
}

export function dropAccountMutation(db: Connection): MutationOf<'dropAccount'> {
  const isRemoving = db.prepare<[number]>("SELECT 1 FROM account WHERE account = ? AND state = 'removing'")
  const anyContent = db
    .prepare<[number, number], number>(`SELECT id FROM content WHERE id >= ? AND id < ? LIMIT ${SLICE_ROWS}`)
    .pluck()
  const removeContent = contentRemover(db)
  const anyMailbox = db
    .prepare<[number], number>('SELECT mailbox FROM mailbox WHERE account = ? LIMIT 1')
    .pluck()
  const markMailbox = db.prepare<number[]>(
    'UPDATE mailbox SET deleted_at = ? WHERE account = ? AND mailbox = ?',
  )
  const dropMailbox = dropMailboxMutation(db)
  const small = [
    'subscription',
    'keyword',
    'credential',
    'address',
    'outbox',
    'blob_reference',
    'account',
  ].map((table) => db.prepare<[number]>(`DELETE FROM ${table} WHERE account = ?`))

  const dropContents = (account: number): number => {
    const ids = anyContent.all(contentRow(account, 0), contentRow(account + 1, 0))
    for (const id of ids) removeContent(account, id - contentRow(account, 0))
    return ids.length
  }

  return ({ account }): Purged => {
    if (isRemoving.get(account) === undefined)
      throw new StoreError('no-such-account', `account ${account} is not being removed`)
    const mailbox = anyMailbox.get(account)
    if (mailbox !== undefined) {
      markMailbox.run(Date.now(), account, mailbox)
      return { purged: dropMailbox({ account, mailbox }).purged, more: true }
    }
    const contents = dropContents(account)
    if (contents > 0) return { purged: contents, more: true }
    for (const removal of small) removal.run(account)
    return { purged: 1, more: false }
  }
}
