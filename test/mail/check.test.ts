// `eider check` sees what nothing else would: large bodies that were changed or lost behind the program's back.
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createAccount } from '../../src/mail/accounts.js'
import { appendMessages } from '../../src/mail/append.js'
import { checkEverything } from '../../src/mail/check.js'
import { INBOX_ID } from '../../src/mail/deliver.js'
import { ingest } from '../../src/mail/intake.js'
import type { Finding } from '../../src/mail/types.js'
import { accountId } from '../../src/model/ids.js'
import { type OpenServices, openServices } from '../support/services.js'

let services: OpenServices
beforeEach(async () => {
  services = await openServices()
  const { id } = await createAccount(services, { username: 'anna', password: 'x' })
  const body = Buffer.alloc(600_000, 'large body ').toString('base64').replace(/.{76}/g, '$&\r\n')
  const source = Buffer.from(
    `Subject: large\r\nContent-Type: application/octet-stream\r\nContent-Transfer-Encoding: base64\r\n\r\n${body}\r\n`,
  )
  const ingested = await ingest(services, source)
  expect(ingested.parsed.cuts).toHaveLength(1)
  await appendMessages(services, id, INBOX_ID, [{ ingested, flags: [], internalDate: { at: 0, zone: 0 } }])
})
afterEach(() => services.close())

async function all<T>(source: AsyncIterable<T>): Promise<T[]> {
  const items: T[] = []
  for await (const item of source) items.push(item)
  return items
}

async function check(): Promise<Finding[]> {
  const findings: Finding[] = []
  for await (const finding of checkEverything(services, { repair: false })) findings.push(finding)
  return findings
}

function tamper(sql: string): void {
  const database = new Database(join(services.dir, 'eider.db'))
  expect(database.prepare(sql).run().changes).toBeGreaterThan(0)
  database.close()
}

test('nothing is found where nothing is wrong', async () => {
  expect(await check()).toEqual([])
})

test('an octet that changed in a large body', async () => {
  tamper("UPDATE blob_piece SET octets = CAST('X' || substr(octets, 2) AS BLOB) WHERE number = 1")
  expect(await check()).toMatchObject([{ kind: 'blob', problem: expect.stringContaining('have the hash') }])
})

test('a large body that is gone', async () => {
  tamper('DELETE FROM blob')
  expect(await check()).toMatchObject([
    { kind: 'blob', problem: expect.stringContaining('not there') },
    { kind: 'content', where: expect.stringContaining('INBOX, UID 1') },
  ])
})

test('a large body that only expunged mail refers to is gone', async () => {
  const [account] = await all(services.store.accounts())
  const id = account?.id ?? accountId(1)
  await all(
    services.store.changeFlags(id, INBOX_ID, Uint32Array.of(1), { mode: 'add', flags: ['\\Deleted'] }),
  )
  await all(services.store.expunge(id, INBOX_ID))
  expect(await check()).toEqual([])
  tamper('DELETE FROM blob')
  expect(await check()).toMatchObject([{ kind: 'blob', problem: expect.stringContaining('not there') }])
})

test('an account that is being removed is passed over', async () => {
  const { id } = await createAccount(services, { username: 'ben', password: 'x' })
  await services.store.removeAccount(id)
  expect(await check()).toEqual([])
})

test('a piece of a large body that is gone', async () => {
  tamper('DELETE FROM blob_piece WHERE number = 1')
  const kinds = (await check()).map(({ kind }) => kind)
  expect(kinds).toContain('blob')
  expect(kinds).toContain('content')
})
