// `eider migrate` from SQLite to MongoDB and back, as clients and administrators see it: killed in the middle, gone on,
// and every answer is as before.

import { type ChildProcess, spawn } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { MongoClient } from 'mongodb'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ImapClient } from './imap/client.js'
import { PASSWORD } from './imap/server.js'
import { cleanEnvironment, MAIN, runEider, startServer, type TestServer } from './server.js'
import { readCorpus } from './support/corpus.js'
import type { Place } from './support/engine.js'
import { newDatabase, type TestDatabase } from './support/mongod.js'
import { describeWith } from './support/programs.js'

const USERS = ['anna', 'ben', 'андрис']
const EMBEDDED: Place = { set: {}, remove: async () => {} }

const made = (): Buffer[] =>
  Array.from({ length: 600 }, (_, n) => Buffer.from(`Subject: message ${n}\r\n\r\n${'text '.repeat(n)}\r\n`))

const attachment = (octets: number): string =>
  [
    'Subject: large',
    'MIME-Version: 1.0',
    'Content-Type: multipart/mixed; boundary=b',
    '',
    '--b',
    'Content-Type: application/octet-stream',
    'Content-Transfer-Encoding: base64',
    'Content-Disposition: attachment; filename=a.bin',
    '',
    ...(randomBytes(octets)
      .toString('base64')
      .match(/.{1,76}/g) ?? []),
    '--b--',
    '',
  ].join('\r\n')

async function fillAnna(server: TestServer, large: string): Promise<void> {
  const corpus = readCorpus().map(({ source }) => source)
  const imap = await ImapClient.login(server.port('imap'), 'anna')
  await imap.ok('CREATE "Work/2026"')
  await imap.ok('CREATE "Later"')
  const mailboxes = ['INBOX', '"Work/2026"', 'Later']
  for (const [at, source] of (corpus.length > 0 ? corpus : made()).entries()) {
    const attributes = at % 3 === 0 ? '(\\Seen $Label) "01-Feb-2003 04:05:06 +0700"' : ''
    expect(await imap.append(mailboxes[at % 3] ?? 'INBOX', source, attributes)).toMatch(/^OK/)
  }
  await imap.append('INBOX', large, '(\\Flagged)')
  await imap.ok('SELECT INBOX')
  await imap.ok('STORE 2:40 +FLAGS (\\Answered $Forwarded)')
  await imap.ok('STORE 10:50 +FLAGS (\\Deleted)')
  await imap.ok('EXPUNGE')
  await imap.ok('COPY 1:30 "Work/2026"')
  await imap.ok('MOVE 31:60 Later')
  await imap.ok('RENAME "Work/2026" "Work/Old"')
  await imap.ok('SUBSCRIBE Nowhere')
  await imap.ok('UNSUBSCRIBE Later')
  await imap.ok('DELETE Archive')
  imap.close()
}

async function fill(server: TestServer): Promise<void> {
  for (const user of USERS) await server.createUser(user, PASSWORD, `${user}@example.com`)
  await server.post('/user/address/create', { username: 'anna', address: 'a@example.org' })
  const large = attachment(3_000_000)
  await fillAnna(server, large)
  const ben = await ImapClient.login(server.port('imap'), 'ben')
  for (const message of [large, attachment(50_000), 'Subject: short\r\n\r\n'])
    await ben.append('INBOX', message)
  ben.close()
}

/** What IMAP says of everything; bodies by their hash. */
async function seenBy(server: TestServer, user: string): Promise<unknown> {
  const imap = await ImapClient.connect(server.port('imap'))
  await imap.response()
  // By its address: the name goes through the addresses too.
  await imap.ok(`LOGIN "${Buffer.from(`${user}@example.com`).toString('latin1')}" "${PASSWORD}"`)
  const lists = [await imap.ok('LIST "" "*"'), await imap.ok('LSUB "" "*"')]
  const mailboxes = []
  for (const line of lists[0] ?? []) {
    const name = / "\/" (.*)$/.exec(line)?.[1] ?? ''
    if (/\\Noselect/i.test(line)) continue
    const examined = await imap.ok(`EXAMINE ${name}`)
    const fetched = await imap.ok('FETCH 1:* (UID FLAGS INTERNALDATE RFC822.SIZE)').catch(String)
    const hash = createHash('sha256')
    for (const response of await imap.ok('UID FETCH 1:* (ENVELOPE BODYSTRUCTURE BODY.PEEK[])'))
      hash.update(response)
    mailboxes.push({ name, examined, fetched, hash: hash.digest('hex') })
  }
  imap.close()
  return { lists, mailboxes }
}

const stateOf = async (server: TestServer) => Promise.all(USERS.map((user) => seenBy(server, user)))

/** What administrators see, ids included. */
async function listed(args: readonly string[]): Promise<unknown[]> {
  const answers = []
  for (const command of ['user list', 'address list', 'mailbox list anna', 'token list']) {
    const { code, stdout } = await runEider([...args, '--json', ...command.split(' ')])
    expect(code).toBe(0)
    answers.push(JSON.parse(stdout))
  }
  return answers
}

async function demandOrder(args: readonly string[]): Promise<void> {
  const { stdout } = await runEider([...args, '--json', 'check'])
  expect(stdout).toBe('{"findings":0,"repaired":0}\n')
}

const migrate = (from: string, to: string, env: Record<string, string> = {}) =>
  runEider(['--json', 'migrate', '--from', from, '--to', to], { env })

/** Kills it as soon as some contents are there. */
async function killAmong(process: ChildProcess, url: string): Promise<void> {
  const client = await new MongoClient(url).connect()
  while ((await client.db().collection('contents').estimatedDocumentCount()) === 0) {
    expect(process.exitCode).toBeNull()
    await sleep(2)
  }
  process.kill('SIGKILL')
  await client.close()
}

describeWith(['mongod'], 'eider migrate', () => {
  const root = mkdtempSync(join(tmpdir(), 'eider-migrate-'))
  const [first, last] = [join(root, 'first'), join(root, 'last')]
  let database: TestDatabase
  let before: { imap: unknown; listed: unknown }
  let cluster: Place
  const onMongo = () => ['--set', `store.url=${database.url}`]

  beforeAll(async () => {
    database = await newDatabase()
    cluster = { set: { 'store.url': database.url }, remove: async () => {} }
    const server = await startServer({ dir: first, place: EMBEDDED })
    await fill(server)
    expect((await runEider(['--data', first, 'token', 'create', 'backup'])).code).toBe(0)
    before = { imap: await stateOf(server), listed: await listed(['--data', first]) }
    const { code, stderr } = await migrate(`sqlite:${first}`, database.url)
    expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringContaining('"held"') })
    await server.stop()
    await demandOrder(['--data', first])
  }, 240_000)
  afterAll(async () => {
    await database.drop()
    rmSync(root, { recursive: true, force: true })
  })

  test('killed in the middle it goes on, to MongoDB', async () => {
    const args = ['migrate', '--from', `sqlite:${first}`, '--to', database.url]
    const process_ = spawn(process.execPath, [MAIN, ...args], { env: cleanEnvironment(), stdio: 'ignore' })
    await Promise.all([once(process_, 'exit'), killAmong(process_, database.url)])
    expect(process_.signalCode).toBe('SIGKILL')
    await expect(startServer({ dir: join(root, 'x'), place: cluster })).rejects.toThrow(
      'has not been finished',
    )
    const half = await migrate(database.url, `sqlite:${join(root, 'half')}`)
    expect(half).toMatchObject({ code: 1, stderr: expect.stringContaining('"unfinished"') })

    const { code, stdout, stderr } = await migrate(`sqlite:${first}`, database.url)
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(JSON.parse(stdout.trim().split('\n').at(-1) ?? '')).toMatchObject({ accounts: 3, of: 3 })
    await demandOrder(onMongo())
    expect(await migrate(`sqlite:${first}`, database.url)).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('"not-empty"'),
    })
  }, 240_000)

  test('on MongoDB clients notice nothing', async () => {
    expect(await listed(onMongo())).toEqual(before.listed)
    const server = await startServer({ dir: join(root, 'instance'), place: cluster })
    expect(await stateOf(server)).toEqual(before.imap)
    expect(await migrate(database.url, `sqlite:${last}`)).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('serves this store'),
    })
    expect(await server.stop()).toBe(0)
  }, 240_000)

  test('killed in the middle it goes on, back to SQLite', async () => {
    const killed = await migrate(database.url, `sqlite:${last}`, { EIDER_TEST_FAULT: 'crash:1500' })
    expect(killed.code).toBeNull()
    await expect(startServer({ dir: last, place: EMBEDDED })).rejects.toThrow('has not been finished')
    expect(await migrate(database.url, `sqlite:${last}`)).toMatchObject({ code: 0, stderr: '' })
    await demandOrder(['--data', last])
    await demandOrder(onMongo())
    expect(await listed(['--data', last])).toEqual(before.listed)
    const server = await startServer({ dir: last, place: EMBEDDED })
    expect(await stateOf(server)).toEqual(before.imap)
    await server.stop()
  }, 240_000)

  test('gone on with, it drops what has gone from the source since, and lets an address move', async () => {
    const onSource = async (...args: string[]) =>
      expect(await runEider(['--data', first, ...args])).toMatchObject({ code: 0 })
    await onSource('user', 'remove', 'андрис', '--yes')
    await onSource('address', 'remove', 'ben@example.com')
    await onSource('address', 'add', 'anna', 'ben@example.com')
    // As if the run that brought it there had been killed just before its end.
    const client = await new MongoClient(database.url).connect()
    const store = client.db().collection<{ _id: string; from?: string; expires?: Date }>('store')
    await store.insertOne({ _id: 'arrival', from: `sqlite:${realpathSync(first)}` })
    // As if MongoDB had been away for longer than it keeps servers away: it does not finish then.
    const alone = migrate(`sqlite:${first}`, database.url)
    let ended = false
    void alone.then(() => {
      ended = true
    })
    const lapse = () => store.updateOne({ _id: 'alone' }, { $set: { expires: new Date(0) } })
    try {
      while (!ended && (await lapse()).matchedCount === 0) await sleep(2)
      expect(await alone).toMatchObject({
        code: 1,
        stderr: expect.stringContaining('give the same command again'),
      })
      expect(await store.findOne({ _id: 'arrival' })).not.toBeNull()
    } finally {
      await client.close()
    }
    expect(await migrate(`sqlite:${first}`, database.url)).toMatchObject({ code: 0, stderr: '' })
    await demandOrder(onMongo())
    expect(await listed(onMongo())).toEqual(await listed(['--data', first]))
  }, 240_000)

  test('what cannot be is refused', async () => {
    expect(await migrate(`sqlite:${join(root, 'none')}`, database.url)).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('"no-data"'),
    })
    expect(await migrate(`sqlite:${first}`, `sqlite:${first}/`)).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('"same"'),
    })
    // As where the name of the database is misspelt.
    const empty = await newDatabase()
    expect(await migrate(empty.url, `sqlite:${join(root, 'nothing')}`)).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('"no-data"'),
    })
    await empty.drop()
    const wrong = await migrate('mysql://user:secret@host/', `sqlite:${first}`)
    expect(wrong).toMatchObject({ code: 2, stderr: expect.not.stringContaining('secret') })
  })
})
