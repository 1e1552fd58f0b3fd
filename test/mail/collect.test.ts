// The collector's rounds: one account that cannot be read keeps nothing else from being collected.
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { expect, test } from 'vitest'
import { createLogger } from '../../src/kit/log.js'
import { createAccount } from '../../src/mail/accounts.js'
import { appendMessages } from '../../src/mail/append.js'
import { collectOnce } from '../../src/mail/collect.js'
import { INBOX_ID } from '../../src/mail/deliver.js'
import { ingest } from '../../src/mail/intake.js'
import { openServices } from '../support/services.js'

const EVERYTHING = { tombstoneAge: -86_400_000, contentAge: -86_400_000 }

test('of an account that cannot be read the log tells, and bodies that nothing refers to go', async () => {
  const lines: object[] = []
  const log = createLogger('error', { write: (line) => void lines.push(JSON.parse(line)) })
  // A grace of less than nothing: one round finds that a body is unused, the next deletes it.
  const services = await openServices({ blobGraceMs: -60_000 }, log)
  const { id } = await createAccount(services, { username: 'anna', password: 'x' })
  const internalDate = { at: 0, zone: 0 }
  for (const flags of [[], ['\\Deleted']]) {
    const ingested = await ingest(services, Buffer.from('Subject: x\r\n\r\n'))
    await appendMessages(services, id, INBOX_ID, [{ ingested, flags, internalDate }])
  }
  for await (const _ of services.store.expunge(id, INBOX_ID));
  const database = new Database(join(services.dir, 'eider.db'))
  database.exec("UPDATE index_cold SET entries = X'0906'")
  database.close()
  const writer = services.blobs.write()
  await writer.write(Buffer.from('nobody refers to this'))
  const { hash } = await writer.finish()
  for (let round = 0; round < 2; round++) await collectOnce(services, EVERYTHING)
  expect(await services.blobs.touch(hash)).toBe(false)
  const line = { event: 'collect-failed', account: id, err: { message: expect.stringContaining('chunk 0') } }
  expect(lines).toMatchObject([line, line])
  await services.close()
})
