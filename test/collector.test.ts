// The collector of a running server: that it works at all, and what each of the keys that it is given keeps.

import { rmSync } from 'node:fs'
import { afterAll, expect, test } from 'vitest'
import { runEider, startServer, type TestServer } from './server.js'
import { newDataFolder } from './wire/data-folder.js'
import { ImapClient } from './wire/imap.js'

const dir = newDataFolder()
afterAll(() => rmSync(dir, { recursive: true, force: true }))

/** Above what stands with the message itself. */
const BODY = Buffer.from(
  `Subject: large\r\n\r\n${'A line of a large body, and one more.\r\n'.repeat(10_000)}`,
)

/** All that its collector has removed. */
function removed(server: TestServer): Record<'contents' | 'tombstones' | 'accounts' | 'blobs', number> {
  const sum = { contents: 0, tombstones: 0, accounts: 0, blobs: 0 }
  for (const line of server
    .log()
    .split('\n')
    .filter((one) => one.includes('"event":"collected"'))) {
    const told = JSON.parse(line)
    for (const kind of Object.keys(sum) as (keyof typeof sum)[]) sum[kind] += told[kind]
  }
  return sum
}

/** What a server has removed once an account that went after all else is gone: whole rounds are over by then. */
async function removedBeside(server: TestServer): Promise<ReturnType<typeof removed>> {
  const { accounts } = removed(server)
  const username = `leaver${server.pid}`
  await server.createUser(username, 'secret words')
  expect(await runEider(['user', 'remove', username, '--yes', '--data', dir])).toMatchObject({ code: 0 })
  await expect.poll(() => removed(server).accounts).toBe(accounts + 1)
  return removed(server)
}

const collecting = (set: Record<string, string>) =>
  startServer({ dir, set: { 'collector.interval': '50ms', ...set } })

test('content is kept for retention.content, its trace for retention.expunged, a body for collector.grace', async () => {
  const keeping = { 'retention.content': '1h', 'retention.expunged': '0s', 'collector.grace': '0s' }
  const first = await collecting(keeping)
  await first.createUser('anna', 'secret words')
  const client = await ImapClient.login(first.listeners.imap, 'anna', 'secret words')
  await client.expectOk('APPEND INBOX (\\Deleted) ', BODY)
  await client.expectOk('SELECT INBOX')
  await client.expectOk('EXPUNGE')
  await client.logout()
  expect(await removedBeside(first)).toMatchObject({ contents: 0, blobs: 0 })
  await first.stop()

  const second = await collecting({
    ...keeping,
    'retention.content': '0s',
    'retention.expunged': '1h',
    'collector.grace': '1h',
  })
  await expect.poll(() => removed(second).contents).toBe(1)
  expect(await removedBeside(second)).toMatchObject({ tombstones: 0, blobs: 0 })
  await second.stop()

  const third = await collecting({ ...keeping, 'retention.content': '0s' })
  await expect.poll(() => removed(third)).toMatchObject({ tombstones: 1, blobs: 1 })
  await third.stop()
}, 120_000)
