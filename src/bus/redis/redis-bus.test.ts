// The contract of the bus on a real Redis, and what happens while that is away, hangs or forgets everything.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { connect } from 'node:net'
import { setImmediate as turn } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { createClient } from '@redis/client'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { describeWith } from '../../../test/support/programs.js'
import { type Redis, startRedis } from '../../../test/support/redis.js'
import { silentLogger } from '../../kit/log.js'
import { accountId, mailboxId, modSeq } from '../../model/ids.js'
import type { Bus } from '../bus.js'
import { busContract } from '../contract/bus-contract.js'
import type { RedisClient } from './link.js'
import { redisBus } from './redis-bus.js'

const anna = accountId(1)
const open = (url: string, leaseMs?: number): Promise<Bus> =>
  redisBus({ url, log: silentLogger, ...(leaseMs === undefined ? {} : { leaseMs }) })

/** Asks Redis itself. */
async function directly<T>(url: string, ask: (client: RedisClient) => Promise<T>): Promise<T> {
  const client = createClient({ url, RESP: 3 })
  await client.connect()
  try {
    return await ask(client)
  } finally {
    client.destroy()
  }
}

describeWith(['redis-server'], 'the bus on Redis', () => {
  let redis: Redis
  beforeAll(async () => {
    redis = await startRedis()
  })
  afterAll(() => redis.kill())

  busContract({
    name: 'Redis',
    isShared: true,
    async open() {
      await directly(redis.url, (client) => client.flushAll())
      const bus = await open(redis.url)
      const buses = [bus]
      return {
        bus,
        async another() {
          const other = await open(redis.url)
          buses.push(other)
          return other
        },
        // Twice: what the first has sent has then reached the others.
        async settled() {
          for (const one of [...buses, ...buses]) await one.ping()
        },
        // Every end comes nearer, and what has none stays for ever.
        pass: (seconds) =>
          directly(redis.url, async (client) => {
            for (const key of await client.keys('*')) {
              const left = await client.pTTL(key)
              if (left >= 0) await client.pExpire(key, left - seconds * 1000)
            }
          }),
        async dispose() {
          for (const one of buses) await one.close()
        },
      }
    },
  })
})

describeWith(['redis-server'], 'the bus on Redis, when that fails', () => {
  let redis: Redis
  let bus: Bus
  const heard: number[] = []
  beforeEach(async () => {
    redis = await startRedis()
    bus = await open(redis.url)
    heard.length = 0
    bus.subscribe(anna, ({ modseq }) => heard.push(modseq))
    await bus.ping()
  })
  afterEach(async () => {
    await bus.close()
    await redis.kill()
  })

  /** With a lease of 900 ms. */
  function spawnInstance() {
    const program = fileURLToPath(new URL('./instance.fixture.js', import.meta.url))
    return spawn(process.execPath, [program, redis.url, '900'], { stdio: ['pipe', 'pipe', 'inherit'] })
  }

  async function limitsHold(): Promise<void> {
    const key = `key-${Math.random()}`
    const started = performance.now()
    expect(await bus.countFailure(key, 2, 60)).toBe(true)
    expect(await bus.countFailure(key, 2, 60)).toBe(false)
    expect(await bus.mayTry(key, 2)).toBe(false)
    await bus.note(key, 60)
    expect(await bus.mayTry(key, 2)).toBe(true)
    const release = await bus.takeConnection(key, 1)
    expect(release).toBeDefined()
    expect(await bus.takeConnection(key, 1)).toBeUndefined()
    release?.()
    expect(await bus.takeConnection(key, 1)).toBeDefined()
    // Eight commands of at most 250 ms each.
    expect(performance.now() - started).toBeLessThan(3_000)
  }

  test('away: limits are kept in process, hints stay in it, nothing throws; back: listeners read again', async () => {
    let again = 0
    bus.onReconnected(() => {
      again++
    })
    await redis.kill()
    await limitsHold()
    expect(await bus.ping()).toBe(false)
    for (let n = 1; n <= 20_000; n++) bus.publish({ account: anna, modseq: modSeq(n) })
    await expect.poll(() => heard.length).toBe(20_000)
    expect(again).toBe(0)
    await redis.start()
    await expect.poll(() => again, { timeout: 20_000 }).toBe(1)
    const other = await open(redis.url)
    other.publish({ account: anna, mailbox: mailboxId(1), modseq: modSeq(77) })
    await expect.poll(() => heard.at(-1)).toBe(77)
    await other.close()
    await limitsHold()
  })

  test('full: it answers what is read and refuses what is written, and limits hold all the same', async () => {
    const allow = (octets: string) => directly(redis.url, (client) => client.configSet('maxmemory', octets))
    await allow('1')
    await limitsHold()
    expect(await bus.countFailure('a', 2, 60)).toBe(true)
    expect(await bus.countFailure('a', 2, 60)).toBe(false)
    expect(await bus.ping()).toBe(true)
    await allow('0')
    await limitsHold()
    expect(await bus.mayTry('a', 2)).toBe(false)
    await bus.note('a', 60)
    expect(await bus.mayTry('a', 2)).toBe(true)
  })

  test('hanging: nobody waits for it, it is noticed within seconds, and found again', async () => {
    let again = 0
    bus.onReconnected(() => {
      again++
    })
    redis.pause()
    try {
      await limitsHold()
      for (let n = 1; n <= 30_000; n++) bus.publish({ account: anna, modseq: modSeq(n) })
      expect(await bus.ping()).toBe(false)
      const started = performance.now()
      // An answer at once, without 250 ms of waiting, is that of a connection known to be lost.
      await expect
        .poll(
          async () => {
            const asked = performance.now()
            return !(await bus.ping()) && performance.now() - asked < 100
          },
          { timeout: 20_000 },
        )
        .toBe(true)
      expect(performance.now() - started).toBeLessThan(6_000)
    } finally {
      redis.resume()
    }
    await expect.poll(() => again, { timeout: 20_000 }).toBe(1)
    expect(await bus.ping()).toBe(true)
  })

  test('accounts come and go all the time: it is there all the same, and found again', async () => {
    let again = 0
    bus.onReconnected(() => {
      again++
    })
    let isBusy = true
    const comeAndGo = async () => {
      for (let n = 2; isBusy; n++) {
        const leave = bus.subscribe(accountId(n), () => {})
        await turn()
        leave()
      }
    }
    const busy = comeAndGo()
    try {
      expect(await bus.ping()).toBe(true)
      await directly(redis.url, (client) => client.sendCommand(['CLIENT', 'KILL', 'TYPE', 'pubsub']))
      await expect.poll(() => again).toBe(1)
    } finally {
      isBusy = false
      await busy
    }
  })

  test('one that takes no connection does not hold up the end of a process', async () => {
    redis.pause()
    // More than its backlog: what comes now is not answered at all.
    const crowd = Array.from({ length: 700 }, () => connect(redis.port, '127.0.0.1').on('error', () => {}))
    try {
      const child = spawnInstance()
      await once(child.stdout, 'data')
      const exited = once(child, 'exit')
      const started = performance.now()
      child.stdin.end()
      expect(await exited).toEqual([0, null])
      expect(performance.now() - started).toBeLessThan(2_000)
    } finally {
      for (const socket of crowd) socket.destroy()
      redis.resume()
    }
  })

  test('one that was never there: opens all the same, and is found when it comes', async () => {
    await redis.kill()
    const late = await open(redis.url)
    let again = 0
    late.onReconnected(() => {
      again++
    })
    expect(await late.ping()).toBe(false)
    expect(await late.countFailure('a', 1, 60)).toBe(false)
    await redis.start()
    await expect.poll(() => again, { timeout: 20_000 }).toBe(1)
    expect(await late.ping()).toBe(true)
    await late.close()
  })

  test('flushed in the middle of it all: nothing fails, hints go on, connections are counted again', async () => {
    const quick = await open(redis.url, 600)
    expect(await quick.takeConnection('held', 1)).toBeDefined()
    const other = await open(redis.url)
    let sent = 0
    await directly(redis.url, async (client) => {
      for (let round = 0; round < 200; round++) {
        other.publish({ account: anna, modseq: modSeq(++sent) })
        await Promise.all([
          other.countFailure('a', 5, 60),
          other.mayTry('a', 5),
          other.takeConnection('b', 1_000),
          client.flushAll(),
        ])
      }
    })
    await expect.poll(() => heard.length).toBe(sent)
    // Its holder says it again within a third of its lease.
    await expect.poll(() => directly(redis.url, (client) => client.exists('eider:connections:held'))).toBe(1)
    expect(await other.takeConnection('held', 1)).toBeUndefined()
    await quick.close()
    await other.close()
  })

  test('an instance in another process is heard; killed, its connections are forgotten', async () => {
    // Held throughout, so that the key itself does not end.
    expect(await bus.takeConnection('a', 3)).toBeDefined()
    const child = spawnInstance()
    const [line] = await once(child.stdout, 'data')
    expect(String(line)).toBe('taken\n')
    expect(await bus.takeConnection('a', 3)).toBeUndefined()
    child.stdin.write('42\n')
    await expect.poll(() => heard).toEqual([42])
    // It lives longer than its lease: it has begun it again.
    const until = performance.now() + 1_200
    while (performance.now() < until) expect(await bus.takeConnection('a', 3)).toBeUndefined()
    const exited = once(child, 'exit')
    child.kill('SIGKILL')
    await exited
    await expect.poll(() => bus.takeConnection('a', 3), { timeout: 10_000 }).toBeDefined()
  })

  test('everything in Redis has an end', async () => {
    await bus.countFailure('a', 5, 60)
    await bus.takeConnection('a', 5)
    await directly(redis.url, async (client) => {
      const keys = (await client.keys('*')).sort()
      expect(keys).toEqual(['eider:connections:a', 'eider:failures:a'])
      for (const key of keys) expect(await client.pTTL(key)).toBeGreaterThan(0)
    })
  })

  test('user, password and database come from the URL, and a wrong one is as good as away', async () => {
    await directly(redis.url, (client) =>
      client.sendCommand(['ACL', 'SETUSER', 'eider', 'on', '>open sesame', '~*', '&*', '+@all']),
    )
    const address = `127.0.0.1:${redis.port}`
    const named = await open(`redis://eider:open%20sesame@${address}/5`)
    expect(await named.ping()).toBe(true)
    await named.countFailure('a', 5, 60)
    const keys = await directly(`${redis.url}/5`, (client) => client.keys('*'))
    expect(keys).toEqual(['eider:failures:a'])
    // Another database is another cluster: its accounts have the same numbers.
    named.publish({ account: anna, modseq: modSeq(5) })
    await named.ping()
    await bus.ping()
    expect(heard).toEqual([])
    await named.close()
    const wrong = await open(`redis://eider:guess@${address}/5`)
    expect(await wrong.ping()).toBe(false)
    expect(await wrong.countFailure('a', 1, 60)).toBe(false)
    await wrong.close()
    await expect(open('mongodb://127.0.0.1/eider')).rejects.toThrow('redis://')
  })
})
