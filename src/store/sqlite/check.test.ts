// The contract of `check` on SQLite.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { type Connection, openForWriting } from '../../kit/sqlite/connection.js'
import { openDatabase } from '../../kit/sqlite/database.js'
import {
  checkContract,
  type Damage,
  type DamageEngine,
  findingsAfter,
  rename,
  swapUids,
} from '../contract/check-contract.js'
import type { Store } from '../store.js'
import { STORE_MODULE, sqliteStore } from './sqlite-store.js'

const folder = mkdtempSync(join(tmpdir(), 'eider-check-'))
const file = join(folder, 'eider.db')
const open = async () => sqliteStore(await openDatabase({ file, modules: [STORE_MODULE] }))

/** Changes the first chunk. */
const changeFirst = (change: (hot: Uint8Array, cold: Uint8Array) => void) => (writer: Connection) => {
  const halves = ['index_hot', 'index_cold'].map((table) => {
    const find = writer.prepare<[], Buffer>(`SELECT entries FROM ${table} WHERE chunk = 0`).pluck()
    return { table, entries: find.get() ?? Buffer.alloc(0) }
  })
  const [hot, cold] = halves.map(({ entries }) => entries)
  if (hot !== undefined && cold !== undefined) change(hot, cold)
  for (const { table, entries } of halves)
    writer.prepare(`UPDATE ${table} SET entries = ? WHERE chunk = 0`).run(entries)
}

const DAMAGES: Readonly<Record<Damage, string | ((writer: Connection) => void)>> = {
  counters: 'UPDATE mailbox SET messages = 7, unseen = 9 WHERE mailbox = 1',
  quota: 'UPDATE account SET storage_used = storage_used + 1',
  'a uidNext below a UID': 'UPDATE mailbox SET uid_next = 5 WHERE mailbox = 1',
  'a highestModseq below an entry': 'UPDATE mailbox SET highest_modseq = 1 WHERE mailbox = 1',
  'a maxModseq below an entry': 'UPDATE index_hot SET max_modseq = 1',
  'an account modseq below a mailbox': 'UPDATE account SET modseq = 1',
  'numbers that would be given again':
    'UPDATE account SET content_next = 3, mailbox_next = 1, uid_validity = 5',
  'a missing reference': 'DELETE FROM blob_reference',
  'a reference of a content that is not there':
    "INSERT INTO blob_reference (account, content, hash) VALUES (1, 900, X'bb')",
  'a content that nobody names': `UPDATE account SET content_next = 1000;
    CREATE TEMP TABLE made AS SELECT * FROM source WHERE id = 7; UPDATE made SET id = 900; INSERT INTO source SELECT * FROM made;
    INSERT INTO content SELECT id + 300, 900 FROM content WHERE id % 4294967296 = 7;
    INSERT INTO prepared SELECT 900, envelope, structure FROM prepared WHERE id = 7;
    INSERT INTO summary SELECT 900, subject, base_subject, sent_date, sent_zone, has_attachments, sender, recipients, cc,
      bcc, message_id, in_reply_to, reference_ids, thread_id, intro FROM summary WHERE id = 7`,
  'a content that is missing': 'DELETE FROM content WHERE id % 4294967296 = 7',
  'a summary that is missing': 'DELETE FROM summary WHERE id = 7',
  'a source that is missing': 'DELETE FROM source WHERE id = 7',
  'a source of another size': 'UPDATE source SET skeleton = skeleton || 1 WHERE id = 7',
  'a trace of another size': "UPDATE source SET trace = X'00' WHERE id = 7",
  'a chunk with one half': 'DELETE FROM index_cold WHERE chunk = 1',
  'a chunk that cannot be read': "UPDATE index_hot SET entries = X'0906' WHERE chunk = 0",
  'a cold half that cannot be read': "UPDATE index_cold SET entries = X'0906' WHERE chunk = 0",
  'a tombstone that cannot be read': "UPDATE tombstone SET cold = X'0906' WHERE account = 1",
  'an entry that names another content': changeFirst((_, cold) => rename(cold, 2 ** 22)),
  'an entry that names the content of another': changeFirst((_, cold) => rename(cold, 1)),
  'UIDs out of order': changeFirst(swapUids),
  'a keyword without a name': 'DELETE FROM keyword',
}

async function damaged(store: Store, how: string | ((writer: Connection) => void)): Promise<Store> {
  await store.close()
  const writer = openForWriting(file)
  if (typeof how === 'string') writer.exec(how)
  else how(writer)
  writer.close()
  return open()
}

const SQLITE: DamageEngine = {
  name: 'SQLite',
  prepare: async () => {},
  begin() {
    for (const suffix of ['', '-wal', '-shm']) rmSync(file + suffix, { force: true })
    return open()
  },
  breakIt: (store, damage) => damaged(store, DAMAGES[damage]),
  dispose: async () => rmSync(folder, { recursive: true }),
}

test('finds an ENVELOPE that is missing, which is a row of its own here', async () => {
  const breakIt = (store: Store) => damaged(store, 'DELETE FROM prepared WHERE id = 7')
  const [found] = await findingsAfter({ ...SQLITE, breakIt }, 'a summary that is missing', false)
  expect(found).toMatchObject([{ kind: 'content', problem: 'its summary is missing' }])
})

checkContract(SQLITE)
