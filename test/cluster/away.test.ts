// An instance whose MongoDB or Redis does not answer: each protocol says "later" within `store.timeout`, nothing hangs or
// exits, open sessions live on, and all goes on when it is back. And what a start refuses, without telling a password.

import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { MongoClient } from 'mongodb'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { runEider, startServer, type TestServer } from '../server.js'
import { type ReplicaSet, startReplicaSet } from '../support/mongod.js'
import { describeWith, freePort, spawnProgram } from '../support/programs.js'
import { type Redis, startRedis } from '../support/redis.js'
import { newDataFolder } from '../wire/data-folder.js'
import { ImapClient } from '../wire/imap.js'
import { SmtpClient } from '../wire/smtp.js'

const TIMEOUT_MS = 1_500
/** What a busy machine adds. */
const SLACK_MS = 2_000

const message = Buffer.from('Subject: news\r\n\r\nbody\r\n')

describeWith(['mongod', 'redis-server'], 'an instance on MongoDB', () => {
  let set: ReplicaSet
  let redis: Redis
  let server: TestServer
  beforeAll(async () => {
    // As mongod has it by itself.
    ;[set, redis] = await Promise.all([startReplicaSet({ transactionLifetime: 60 }), startRedis()])
    server = await startInstance()
    await server.createUser('anna', 'secret', 'anna@example.com')
  }, 120_000)
  afterAll(async () => {
    await server?.stop()
    await redis?.kill()
    await set?.dispose()
  })

  const startInstance = () =>
    startServer({
      place: { set: { 'store.url': set.url('eider'), 'bus.url': redis.url }, remove: async () => {} },
      set: { 'store.timeout': `${TIMEOUT_MS}ms`, 'imap.pollInterval': '500ms' },
    })

  const login = () => ImapClient.login(server.listeners.imap, 'anna', 'secret')
  const deliver = async (protocol: 'smtp' | 'lmtp', to = server) => {
    const client = await SmtpClient.connect(to.listeners[protocol], protocol)
    const replies = await client.deliver({ to: ['anna@example.com'], message })
    await client.quit()
    return replies.map(({ code, enhanced }) => `${code} ${enhanced}`)
  }
  const status = async (path: string) => (await server.http(path)).status
  const readyz = async () => {
    const response = await server.http('/readyz')
    return { status: response.status, body: await response.json() }
  }

  /** Seconds; asked of MongoDB itself. */
  async function transactionLifetime(): Promise<unknown> {
    const client = new MongoClient(set.url('admin'))
    try {
      const name = 'transactionLifetimeLimitSeconds'
      return (await client.db('admin').command({ getParameter: 1, [name]: 1 }))[name]
    } finally {
      await client.close()
    }
  }

  const told = (session: ImapClient) => session.heard.map(({ line }) => line).join('\n')

  /** The answer, and that it came in time. */
  async function inTime<T>(ask: () => Promise<T>): Promise<T> {
    const started = performance.now()
    const answer = await ask()
    expect(performance.now() - started).toBeLessThan(TIMEOUT_MS + SLACK_MS)
    return answer
  }

  /** What every protocol must say while the store is away. */
  async function expectAway(open: ImapClient): Promise<void> {
    const imap = async (line: string) => {
      const { status: said, code } = await open.command(line)
      return `${said} ${code}`
    }
    expect(await inTime(() => imap('STATUS INBOX (MESSAGES)'))).toBe('NO UNAVAILABLE')
    expect(await inTime(() => imap('SELECT INBOX'))).toBe('NO UNAVAILABLE')
    expect(await inTime(() => imap('CREATE elsewhere'))).toBe('NO UNAVAILABLE')
    expect(await inTime(() => open.command('APPEND INBOX ', message))).toMatchObject({
      status: 'NO',
      code: 'UNAVAILABLE',
    })
    const stranger = await ImapClient.connect(server.listeners.imap)
    expect(await inTime(() => stranger.command('LOGIN anna secret'))).toMatchObject({
      status: 'NO',
      code: 'UNAVAILABLE',
    })
    for (const protocol of ['smtp', 'lmtp'] as const) {
      expect(await inTime(() => deliver(protocol))).toEqual(['451 4.3.0'])
    }
    expect(await inTime(() => status('/user?username=anna'))).toBe(503)
    expect(await inTime(readyz)).toEqual({
      status: 503,
      body: { ok: false, store: expect.stringMatching(/^(unavailable|timeout)$/), bus: 'ok' },
    })
    expect(await status('/healthz')).toBe(200)
  }

  /** That an idling session heard of what came, and that everything else works again. */
  async function expectBack(open: ImapClient): Promise<void> {
    await expect.poll(readyz, { timeout: 40_000, interval: 250 }).toMatchObject({ status: 200 })
    expect(await deliver('lmtp')).toEqual(['250 2.0.0'])
    expect(await deliver('smtp')).toEqual(['250 2.0.0'])
    expect((await open.command('SELECT INBOX')).status).toBe('OK')
    expect(await status('/user?username=anna')).toBe(200)
  }

  test('a primary that hangs: every protocol says later, in time, and goes on', async () => {
    const open = await login()
    const [member] = set.members
    member?.pause()
    try {
      await expectAway(open)
    } finally {
      member?.resume()
    }
    await expectBack(open)
    await open.logout()
  }, 120_000)

  test('a MongoDB that is gone: the same, and the idling session hears of mail when it is back', async () => {
    const [open, idle] = await Promise.all([login(), login()])
    await idle.expectOk('SELECT INBOX')
    const done = await idle.idle()
    const [member] = set.members
    await member?.kill()
    await expectAway(open)
    await member?.start()
    await expectBack(open)
    await expect.poll(transactionLifetime, { timeout: 20_000 }).toBe(10)
    await expect.poll(() => told(idle), { timeout: 20_000 }).toMatch(/ EXISTS/)
    expect((await done()).status).toBe('OK')
    for (const session of [open, idle]) await session.logout()
  }, 120_000)

  test('a Redis that is gone: all is served, mail that came elsewhere is told at the polling interval, and /readyz names it', async () => {
    const elsewhere = await startInstance()
    const idle = await login()
    await idle.expectOk('SELECT INBOX')
    const done = await idle.idle()
    await redis.kill()
    expect(await deliver('lmtp', elsewhere)).toEqual(['250 2.0.0'])
    await expect.poll(() => told(idle), { timeout: 10_000 }).toMatch(/ EXISTS/)
    await expect.poll(readyz, { timeout: 10_000 }).toEqual({
      status: 200,
      body: { ok: true, store: 'ok', bus: 'away' },
    })
    await (await login()).logout()
    await redis.start()
    await expect.poll(readyz, { timeout: 20_000 }).toMatchObject({ body: { bus: 'ok' } })
    await elsewhere.stop()
    expect((await done()).status).toBe('OK')
    await idle.logout()
  }, 60_000)

  test('commands work beside the server, and on a set that is away they say so', async () => {
    const set_ = ['--set', `store.url=${set.url('eider')}`, '--set', `bus.url=${redis.url}`]
    const listed = await runEider(['user', 'list', '--json', ...set_])
    expect(JSON.parse(listed.stdout)).toMatchObject([{ username: 'anna' }])
    const away = `store.url=mongodb://127.0.0.1:${await freePort()}/eider?replicaSet=rs0`
    expect(await runEider(['user', 'list', '--set', away, '--set', 'store.timeout=500ms'])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('MongoDB'),
    })
  })

  test('a password in a URL stands in no log and in no message', async () => {
    const word = randomBytes(8).toString('hex')
    const withPassword = (url: string) => url.replace('://', `://eider:${word}@`)
    const away = `mongodb://eider:${word}@127.0.0.1:${await freePort()}/eider?replicaSet=rs0`
    for (const url of [withPassword(set.url('eider')), away, `mongodb://eider:${word}@a:b/x`]) {
      const data = newDataFolder()
      const { code, stdout, stderr } = await runEider([
        ...['serve', '--data', data],
        ...['--set', `store.url=${url}`, '--set', 'store.timeout=500ms', '--set', 'log.level=debug'],
      ])
      rmSync(data, { recursive: true, force: true })
      expect(code).toBe(1)
      expect(stdout + stderr).not.toContain(word)
    }
    const shown = await runEider(['config', 'show', '--set', `store.url=${away}`])
    expect(shown.stdout).toContain('mongodb://eider:…@')
    expect(shown.stdout).not.toContain(word)
  }, 60_000)

  test('a mongod that stands alone is refused with the line that mends it', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'eider-mongod-'))
    const port = await freePort()
    const place = ['--port', `${port}`, '--bind_ip', '127.0.0.1', '--dbpath', folder]
    const alone = spawnProgram('mongod', [...place, '--logpath', join(folder, 'log')])
    try {
      const start = () =>
        runEider([
          ...['serve', '--data', join(folder, 'eider')],
          ...['--set', `store.url=mongodb://127.0.0.1:${port}/eider`, '--set', 'store.timeout=2s'],
        ])
      await expect.poll(async () => (await start()).stderr, { timeout: 60_000 }).toMatch(/--replSet/)
      expect(await start()).toMatchObject({ code: 1, stderr: expect.stringContaining('rs.initiate()') })
    } finally {
      alone.kill('SIGKILL')
      rmSync(folder, { recursive: true, force: true, maxRetries: 10 })
    }
  }, 90_000)
})
