// Mail that comes in at one instance is told in IDLE at another: as soon as on its own, and where Redis is away at the
// polling interval (docs/operations.md, `imap.pollInterval`), at NOOP at once. `npm run test:cluster` delivers more.

import { afterAll, beforeAll, expect, test } from 'vitest'
import { startServer, type TestServer } from '../server.js'
import { newDatabase, type TestDatabase } from '../support/mongod.js'
import { describeWith } from '../support/programs.js'
import { type Redis, startRedis } from '../support/redis.js'
import { SmtpClient } from '../wire/smtp.js'
import { Idler } from './idler.js'
import { inFull } from './scale.js'

const DELIVERIES = inFull ? 400 : 60
/** Milliseconds that another instance may hear of it later, 95 times of 100. */
const MOST_LATER_MS = 25
const POLL_MS = 2_000

const p95 = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length * 0.95)] ?? Number.NaN

describeWith(['mongod', 'redis-server'], 'IDLE on another instance', () => {
  let database: TestDatabase
  let redis: Redis
  let servers: TestServer[] = []
  let messages = 0

  beforeAll(async () => {
    ;[database, redis] = await Promise.all([newDatabase(), startRedis()])
    const set = {
      'store.url': database.url,
      'bus.url': redis.url,
      'imap.pollInterval': `${POLL_MS}ms`,
      // What is measured is how soon it is told, not what else goes on.
      'collector.interval': '0',
    }
    const place = { set, remove: async () => {} }
    servers = [await startServer({ place }), await startServer({ place })]
    await first().createUser('anna', 'secretpass', 'anna@example.org')
  })
  afterAll(async () => {
    for (const server of servers) await server.stop()
    await redis.kill()
    await database.drop()
  })

  const first = (): TestServer => servers[0] as TestServer
  const second = (): TestServer => servers[1] as TestServer

  /** By `performance.now`, when it was acknowledged. */
  async function deliver(client: SmtpClient): Promise<number> {
    messages++
    const message = Buffer.from(`Subject: ${messages}\r\n\r\nhello\r\n`)
    const [reply] = await client.deliver({ to: ['anna@example.org'], message })
    expect(reply?.code).toBe(250)
    return performance.now()
  }

  test(`p95 of ${DELIVERIES} within ${MOST_LATER_MS} ms above the same on one instance`, async () => {
    const client = await SmtpClient.connect(first().listeners.lmtp, 'lmtp')
    const here = await Idler.login(first().listeners.imap, 'anna')
    const there = await Idler.login(second().listeners.imap, 'anna')
    const own: number[] = []
    const others: number[] = []
    for (let n = 0; n < DELIVERIES; n++) {
      const began = performance.now()
      const heard = [here.exists(messages + 1), there.exists(messages + 1)]
      await deliver(client)
      const [near = 0, far = 0] = await Promise.all(heard)
      own.push(near - began)
      others.push(far - began)
    }
    console.log(`p95 from DATA to EXISTS: here ${p95(own).toFixed(1)} ms, there ${p95(others).toFixed(1)} ms`)
    expect(p95(others)).toBeLessThan(p95(own) + MOST_LATER_MS)
    here.close()
    there.close()
    await client.quit()
  })

  test('Redis stopped: IDLE hears of it at the polling interval, NOOP at once; with Redis back, IDLE at once', async () => {
    const client = await SmtpClient.connect(first().listeners.lmtp, 'lmtp')
    const idle = await Idler.login(second().listeners.imap, 'anna')
    const awake = await Idler.login(second().listeners.imap, 'anna', false)
    await redis.kill()
    await expect.poll(() => second().log()).toContain('"event":"bus-away"')

    const heard = idle.exists(messages + 1)
    const at = await deliver(client)
    expect(await awake.command('NOOP')).toContain(`* ${messages} EXISTS`)
    expect(performance.now() - at).toBeLessThan(POLL_MS / 2)
    // One interval, and what reading takes on a machine that does much else.
    expect((await heard) - at).toBeLessThan(POLL_MS + 1_000)

    const before = second().log().split('"event":"bus-connected"').length
    await redis.start()
    await expect
      .poll(() => second().log().split('"event":"bus-connected"').length, { timeout: 30_000 })
      .toBeGreaterThan(before)
    await expect
      .poll(() => first().log().split('"event":"bus-connected"').length, { timeout: 30_000 })
      .toBeGreaterThan(before)
    const again = idle.exists(messages + 1)
    const then = await deliver(client)
    expect((await again) - then).toBeLessThan(POLL_MS / 4)
    idle.close()
    awake.close()
    await client.quit()
  })
})
