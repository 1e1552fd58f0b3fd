// A full disk and a read-only one: mail in is put off (452 4.3.1, NO [UNAVAILABLE], HTTP 507 or 503), reading goes on,
// nothing is half there, the server stays, and it goes on when there is space.

import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { runEider, startServer, type TestServer } from '../server.js'
import { ImapClient } from '../wire/imap.js'
import { wanted } from '../wire/required.js'
import { cannotMount, type FileSystem, fill, mountBreakable, mountMemory } from './file-systems.js'
import { ADDRESS, Ledger, PASSWORD, USER, untilRefused } from './ledger.js'

const why = cannotMount()
const skip = wanted(why === undefined, `the right to mount (${why})`, 'full and read-only disks')

async function startOn({ folder }: FileSystem): Promise<TestServer> {
  const server = await startServer({ dir: `${folder}/data` })
  await server.createUser(USER, PASSWORD, ADDRESS)
  return server
}

const createUser = async (server: TestServer, name: string) => {
  const response = await server.http('/user/create', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ username: name, password: PASSWORD }),
  })
  return { status: response.status, body: await response.json() }
}

/** Every way in is refused as it should be, and what was let in before that is noted. */
async function expectRefusals(server: TestServer, ledger: Ledger, client: ImapClient): Promise<void> {
  for (const protocol of ['lmtp', 'smtp'] as const) {
    const reply = await untilRefused(
      () => ledger.deliver(protocol),
      ({ code }) => code === 250,
    )
    expect(reply).toMatchObject({ code: 452, enhanced: '4.3.1' })
  }
  const appended = await untilRefused(
    () => ledger.append(client, 'Archive'),
    (answer) => answer === 'OK',
  )
  expect(appended).toBe('NO [UNAVAILABLE]')
  let account = 0
  const refused = await untilRefused(
    () => createUser(server, `user${account++}`),
    ({ status }) => status === 200,
  )
  expect([503, 507]).toContain(refused.status)
  expect(refused.body).toMatchObject({ success: false, error: expect.any(String), code: expect.any(String) })
}

async function expectReading(ledger: Ledger): Promise<void> {
  for (const mailbox of ['INBOX', 'Archive']) expect(await ledger.problems(mailbox)).toEqual([])
}

/** Started again, it has what was acknowledged and nothing else, and takes more. */
async function expectAcknowledged(server: TestServer, ledger: Ledger): Promise<void> {
  ledger.goOnWith(server)
  await expectReading(ledger)
  expect(await ledger.deliver('lmtp')).toMatchObject({ code: 250 })
  await expectReading(ledger)
}

async function expectCleanCheck(folder: string): Promise<void> {
  expect(await runEider(['check', '--json', '--data', `${folder}/data`])).toMatchObject({ code: 0 })
}

describe.skipIf(why !== undefined)(`a failing disk${skip}`, { timeout: 120_000 }, () => {
  let server: TestServer | undefined
  let disk: FileSystem | undefined

  beforeEach(() => {
    server = undefined
    disk = undefined
  })
  afterEach(async () => {
    await server?.kill()
    disk?.unmount()
  })

  it('that is full puts mail off, keeps what it said it has, and takes more when there is space', async () => {
    disk = mountMemory('48m')
    server = await startOn(disk)
    const ledger = new Ledger(server)
    const client = await ImapClient.login(server.listeners.imap, USER, PASSWORD)
    await ledger.append(client, 'Archive')
    await ledger.deliver('lmtp')

    const free = fill(disk)
    await expectRefusals(server, ledger, client)
    await expectReading(ledger)
    await client.expectOk('SELECT Archive')
    const { status } = await client.command('STORE 1 +FLAGS (\\Seen)')
    expect(['OK', 'NO']).toContain(status)
    expect(server.process.exitCode).toBeNull()

    free()
    expect(await ledger.append(client, 'Archive')).toBe('OK')
    for (const protocol of ['lmtp', 'smtp'] as const) {
      expect(await ledger.deliver(protocol)).toMatchObject({ code: 250 })
    }
    expect(await createUser(server, 'afterwards')).toMatchObject({ status: 200 })
    await expectReading(ledger)
    expect(await server.stop()).toBe(0)
    await expectCleanCheck(disk.folder)
  })

  it('that is full when the server is killed leaves nothing half there and keeps what was acknowledged', async () => {
    disk = mountMemory('48m')
    server = await startOn(disk)
    const ledger = new Ledger(server)
    const free = fill(disk)
    const client = await ImapClient.login(server.listeners.imap, USER, PASSWORD)
    const full = await untilRefused(
      () => ledger.append(client, 'Archive'),
      (answer) => answer === 'OK',
    )
    expect(full).toBe('NO [UNAVAILABLE]')
    await server.kill()
    free()
    await expectCleanCheck(disk.folder)
    server = await startServer({ dir: `${disk.folder}/data` })
    await expectAcknowledged(server, ledger)
  })

  it('that turns read-only puts mail off and goes on reading; repaired, it has what was acknowledged', async () => {
    const breakable = mountBreakable(96)
    disk = breakable
    server = await startOn(disk)
    const ledger = new Ledger(server)
    const client = await ImapClient.login(server.listeners.imap, USER, PASSWORD)
    await ledger.append(client, 'Archive')
    await ledger.deliver('lmtp')

    breakable.turnReadOnly()
    await expectRefusals(server, ledger, client)
    await expectReading(ledger)
    expect(server.process.exitCode).toBeNull()

    client.close()
    expect(await server.stop()).toBe(0)
    breakable.remount('rw')
    await expectCleanCheck(disk.folder)
    server = await startServer({ dir: `${disk.folder}/data` })
    await expectAcknowledged(server, ledger)
  })

  it('that is read-only at the start is named', async () => {
    const breakable = mountBreakable(96)
    disk = breakable
    await (await startOn(disk)).stop()
    breakable.remount('ro')
    const data = `${disk.folder}/data`
    const { code, stdout, stderr } = await runEider(['serve', '--data', data, '--set', 'http.listen=off'])
    expect(code).not.toBe(0)
    expect(stdout + stderr).toMatch(/read-only/i)
    expect(stdout + stderr).toContain(data)
  })
})
