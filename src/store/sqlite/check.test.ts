// `check` finds what was broken behind the store's back, `--repair` mends what follows from the index, and what it mended is
// found no more.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type Connection, openForWriting } from '../../kit/sqlite/connection.js'
import { openDatabase } from '../../kit/sqlite/database.js'
import { drain, mailboxNamed, NO_LIMIT, newAccount, sample, samples } from '../contract/samples.js'
import type { Finding } from '../maintenance.js'
import { STORE_MODULE, sqliteStore } from './sqlite-store.js'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'eider-check-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

const cut = { at: 9, length: 100, blob: 'a'.repeat(64), blobSize: 100, form: { kind: 'identity' } } as const

type Damage = string | ((writer: Connection) => void)

/** Swaps the first two UIDs of the first chunk, in both halves. */
function swapUids(writer: Connection): void {
  for (const [table, header, width] of [
    ['index_hot', 4, 8],
    ['index_cold', 8, 25],
  ] as const) {
    const find = writer.prepare<[], Buffer>(`SELECT entries FROM ${table} WHERE chunk = 0`).pluck()
    const entries = find.get() ?? Buffer.alloc(0)
    entries[header] = 2
    entries[header + width] = 1
    writer.prepare(`UPDATE ${table} SET entries = ? WHERE chunk = 0`).run(entries)
  }
}

/** A store with some mail, broken by `damage`, and what `check` says of it. */
async function findingsAfter(damage: Damage, repair: boolean): Promise<Finding[][]> {
  const file = join(folder, 'eider.db')
  const open = async () => sqliteStore(await openDatabase({ file, modules: [STORE_MODULE] }))
  const store = await open()
  const { id } = await newAccount(store)
  const inbox = await mailboxNamed(store, id, 'INBOX')
  await store.append(id, inbox.id, [...samples(200), sample({ cuts: [cut], flags: ['$Work'] })], NO_LIMIT)
  expect(await drain(store.check({ repair: false }))).toEqual([])
  await store.close()
  const writer = openForWriting(file)
  if (typeof damage === 'string') writer.exec(damage)
  else damage(writer)
  writer.close()
  const broken = await open()
  const found = [await drain(broken.check({ repair })), await drain(broken.check({ repair: false }))]
  await broken.close()
  return found
}

test.each([
  ['counters', 'UPDATE mailbox SET messages = 7, unseen = 9 WHERE mailbox = 1', 'counters'],
  ['quota', 'UPDATE account SET storage_used = storage_used + 1', 'quota'],
  ['a uidNext below a UID', 'UPDATE mailbox SET uid_next = 5 WHERE mailbox = 1', 'uidnext'],
  ['a highestModseq below an entry', 'UPDATE mailbox SET highest_modseq = 1 WHERE mailbox = 1', 'modseq'],
  ['a maxModseq below an entry', 'UPDATE index_hot SET max_modseq = 1', 'modseq'],
  ['an account modseq below a mailbox', 'UPDATE account SET modseq = 1', 'modseq'],
  [
    'numbers that would be given again',
    'UPDATE account SET content_next = 3, mailbox_next = 1, uid_validity = 5',
    'numbers',
  ],
  ['a missing reference', 'DELETE FROM blob_reference', 'references'],
  [
    'a content that nobody names',
    'UPDATE account SET content_next = 1000; INSERT INTO content SELECT id + 300, source, envelope, structure FROM content WHERE id % 4294967296 = 200; INSERT INTO summary SELECT id + 300, subject, base_subject, sent_date, sent_zone, has_attachments, sender, recipients, cc, bcc, message_id, in_reply_to, reference_ids, thread_id, intro FROM summary WHERE id % 4294967296 = 200',
    'orphan',
  ],
])('mends %s', async (_, sql, kind) => {
  const [found = [], left] = await findingsAfter(sql, true)
  expect(found.map((finding) => finding.kind)).toContain(kind)
  for (const finding of found) expect(finding.repaired, finding.problem).toBeDefined()
  // A content that shared its source took it along: what that broke is another matter.
  if (kind !== 'orphan') expect(left).toEqual([])
})

test.each<[string, Damage, string]>([
  ['a content that is missing', 'DELETE FROM content WHERE id % 4294967296 = 7', 'content'],
  ['a summary that is missing', 'DELETE FROM summary WHERE id % 4294967296 = 7', 'content'],
  ['a source that is missing', 'DELETE FROM source WHERE id = 7', 'content'],
  ['a source of another size', 'UPDATE source SET skeleton = skeleton || 1 WHERE id = 7', 'content'],
  ['a trace of another size', "UPDATE source SET trace = X'00' WHERE id = 7", 'content'],
  ['a chunk with one half', 'DELETE FROM index_cold WHERE chunk = 1', 'index'],
  ['a chunk that cannot be read', "UPDATE index_hot SET entries = X'0906' WHERE chunk = 0", 'index'],
  ['UIDs out of order', swapUids, 'index'],
  ['a keyword without a name', 'DELETE FROM keyword', 'keywords'],
])('finds %s, and does not touch it', async (_, damage, kind) => {
  const [found = [], again] = await findingsAfter(damage, false)
  expect(found.map((finding) => finding.kind)).toContain(kind)
  expect(again).toEqual(found)
  for (const { where } of found) expect(where).toMatch(/account 1/)
})
