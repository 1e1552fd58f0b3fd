// The servers that tests start, themselves: that a kill is a death, a pause a silence, and that all come back.

import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { existsSync, rmSync } from 'node:fs'
import { createClient } from '@redis/client'
import { MongoClient } from 'mongodb'
import { expect, test } from 'vitest'
import { newDataFolder } from '../wire/data-folder.js'
import { newDatabase, startReplicaSet } from './mongod.js'
import { DYING_WITH_US, describeWith } from './programs.js'
import { startRedis } from './redis.js'

describeWith(['mongod'], 'a mongod for tests', () => {
  test('a database on the shared set takes transactions, and is gone once dropped', async () => {
    const database = await newDatabase()
    const client = new MongoClient(database.url)
    const word = randomBytes(8).toString('hex')
    await client.db().createCollection('words')
    await client.withSession((session) =>
      session.withTransaction(() => client.db().collection('words').insertOne({ word }, { session })),
    )
    expect(await client.db().collection('words').findOne({ word })).toMatchObject({ word })
    await database.drop()
    expect(await client.db().collection('words').countDocuments()).toBe(0)
    await client.close()
  })

  test('the primary of three can be killed, paused and started again; nothing is left at the end', async () => {
    const set = await startReplicaSet({ members: 3 })
    const client = new MongoClient(set.url('test'))
    const words = client.db().collection<{ _id: number }>('words')
    const write = (_id: number) => words.insertOne({ _id }, { writeConcern: { w: 'majority' } })
    const read = async () =>
      (await words.find({}, { readConcern: 'majority' }).toArray()).map(({ _id }) => _id)
    try {
      await write(1)
      const killed = await set.primary()
      const { pid } = killed
      await killed.kill()
      expect(existsSync(`/proc/${pid}`)).toBe(false)
      const second = await set.primary()
      expect(second.port).not.toBe(killed.port)
      await write(2)
      await killed.start()
      expect(killed.pid).not.toBe(pid)
      await second.stop()
      expect((await set.primary()).port).not.toBe(second.port)
      await write(3)
      await second.start()
      const third = await set.primary()
      third.pause()
      expect((await set.primary()).port).not.toBe(third.port)
      await write(4)
      third.resume()
      expect(await read()).toEqual([1, 2, 3, 4])
    } finally {
      await client.close()
      await set.dispose()
    }
    for (const { pid } of set.members) expect(existsSync(`/proc/${pid}`)).toBe(false)
  }, 180_000)
})

describeWith(['redis-server'], 'a redis-server for tests', () => {
  test('it dies when killed and comes back empty on the same port', async () => {
    const redis = await startRedis()
    const get = async (value?: string) => {
      const client = createClient({ url: redis.url })
      await client.connect()
      if (value !== undefined) await client.set('key', value)
      const found = await client.get('key')
      client.destroy()
      return found
    }
    expect(await get('value')).toBe('value')
    const { pid } = redis
    await redis.kill()
    expect(existsSync(`/proc/${pid}`)).toBe(false)
    await redis.start()
    expect(await get()).toBeNull()
    await redis.kill()
  })
})

test.skipIf(DYING_WITH_US.length === 0)(
  'a server ends with the process that started it, however that ended',
  async () => {
    const dir = newDataFolder()
    const server = new URL('../server.js', import.meta.url)
    // Its last word at the start: what it says once nobody reads it ends it too.
    const script = `import { startServer } from '${server}'
    const { log, pid } = await startServer({ dir: '${dir}' })
    while (!log().includes('http-without-token')) await new Promise(setImmediate)
    console.log(pid)`
    // Under npx a server ends by itself with what started it.
    const env = { ...process.env, npm_lifecycle_event: 'test' }
    const parent = spawn(process.execPath, ['--input-type=module', '-e', script], { env })
    const [pid] = await once(parent.stdout, 'data')
    parent.kill('SIGKILL')
    await expect.poll(() => existsSync(`/proc/${String(pid).trim()}`)).toBe(false)
    rmSync(dir, { recursive: true, force: true })
  },
)
