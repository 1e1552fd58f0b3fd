// The group commit on a real MongoDB: nothing lost, nothing doubled, whoever conflicts, fails or loses an answer.

import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { startMongoProxy, urlThrough } from '../../../test/faults/mongo-proxy.js'
import { newDatabase, type TestDatabase } from '../../../test/support/mongod.js'
import { describeWith } from '../../../test/support/programs.js'
import { databaseIn } from '../../kit/mongo-client.js'
import { StoreError } from '../errors.js'
import { createAccountMutation } from './accounts.js'
import { DEFAULT_TIMEOUT_MS, MongoDatabase } from './database.js'
import { GroupCommit } from './group-commit.js'
import { Instance } from './instance.js'
import { Memory } from './memory.js'
import { migrate } from './migrations.js'
import { accountKey, COLLECTIONS } from './schema.js'
import type { Mutation } from './unit.js'

interface Client {
  readonly database: MongoDatabase
  readonly commits: GroupCommit
  readonly commands: string[]
  close(): Promise<void>
}

async function connect(url: string, timeoutMs = DEFAULT_TIMEOUT_MS): Promise<Client> {
  const commands: string[] = []
  const database = await MongoDatabase.open({
    url,
    timeoutMs,
    onCommand: (event) => {
      // The lease is renewed every second, whatever there is to do.
      if (event.command['update'] !== 'instances') commands.push(event.commandName)
    },
  })
  await migrate(database)
  const instance = new Instance(database)
  const commits = new GroupCommit(database, instance, new Memory())
  return {
    database,
    commits,
    commands,
    async close() {
      await commits.close()
      await instance.close()
      await database.close()
    },
  }
}

/** Commands are made to fail for these clients, and for no others on the same server. */
const APP = `group-commit-${process.pid}`

function named(url: string): string {
  const withName = new URL(url)
  withName.searchParams.set('appName', APP)
  return withName.href
}

let accounts = 0

const newAccount = async ({ commits }: Client): Promise<number> => {
  const number = ++accounts
  const name = `user${number}`
  await commits.run(
    createAccountMutation(number, {
      username: name,
      usernameKey: name,
      quota: 0,
      passwordHash: '',
      mailboxes: [{ path: 'INBOX' }],
    }),
  )
  return number
}

/** Adds one to the account's quota; returns its modseq. */
const addOne = (account: number, fail = false): Mutation<number> => ({
  name: 'addOne',
  accounts: [account],
  async run(unit) {
    const document = await unit.account(account)
    document.quota++
    if (fail) throw new StoreError('limit', 'told to fail')
    return document.modseq
  },
})

const times = <T>(count: number, make: (n: number) => T): T[] =>
  Array.from({ length: count }, (_, n) => make(n))

describeWith(['mongod'], 'the group commit', () => {
  let place: TestDatabase
  let client: Client
  let other: Client
  beforeAll(async () => {
    place = await newDatabase()
    client = await connect(named(place.url))
    other = await connect(named(place.url))
  })
  afterAll(async () => {
    await Promise.all([client.close(), other.close()])
    await place.drop()
  })
  beforeEach(() => {
    client.commands.length = 0
  })
  const admin = () => client.database.client.db('admin')
  afterEach(() => admin().command({ configureFailPoint: 'failCommand', mode: 'off' }))
  const failCommand = (mode: unknown, data: Record<string, unknown>) =>
    admin().command({ configureFailPoint: 'failCommand', mode, data: { appName: APP, ...data } })
  const stored = async (account: number) => {
    const found = await client.database.collection('account').findOne({ _id: accountKey(account) })
    if (found === null) throw new Error(`account ${account} is not there`)
    return found
  }
  /** Everybody gets a modseq of their own, ascending without a gap. */
  const expectEachOnce = async (account: number, modseqs: readonly number[]) => {
    expect(modseqs.toSorted((a, b) => a - b)).toEqual(times(modseqs.length, (n) => n + 2))
    expect(await stored(account)).toMatchObject({ quota: modseqs.length, modseq: modseqs.length + 1 })
  }

  test('two instances change one account at once: each change once, none lost', async () => {
    const account = await newAccount(client)
    const modseqs = await Promise.all(
      times(120, async (n) => {
        await sleep(n)
        return (n % 2 === 0 ? client : other).commits.run(addOne(account))
      }),
    )
    await expectEachOnce(account, modseqs)
  })

  test('two instances change many accounts at once', async () => {
    const numbers: number[] = []
    for (let n = 0; n < 12; n++) numbers.push(await newAccount(client))
    await Promise.all(
      times(240, async (n) => {
        await sleep(n)
        return (n % 2 === 0 ? client : other).commits.run(addOne(numbers[(n * 7) % 12] ?? 0))
      }),
    )
    for (const number of numbers) expect(await stored(number)).toMatchObject({ quota: 20, modseq: 21 })
  })

  test('32 mutations of 32 accounts cost 16 commands at the most; one alone that is remembered, 2', async () => {
    const numbers = await Promise.all(times(32, () => newAccount(client)))
    client.commands.length = 0
    await Promise.all(numbers.map((number) => client.commits.run(addOne(number))))
    expect(client.commands.length).toBeLessThanOrEqual(16)
    client.commands.length = 0
    await client.commits.run(addOne(numbers[0] ?? 0))
    expect(client.commands).toEqual(['update', 'commitTransaction'])
  })

  test('a mutation that fails leaves no trace, and the others of its group have succeeded', async () => {
    const account = await newAccount(client)
    const second = await newAccount(client)
    const outcomes = await Promise.allSettled([
      client.commits.run(addOne(account)),
      client.commits.run(addOne(account, true)),
      client.commits.run(addOne(second, true)),
      client.commits.run(addOne(account)),
    ])
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'rejected', 'fulfilled'])
    expect(await stored(account)).toMatchObject({ quota: 2, modseq: 3 })
    expect(await stored(second)).toMatchObject({ quota: 0, modseq: 1 })
  })

  test('a failure that was decided by what is remembered is decided again when it is not so any more', async () => {
    const account = await newAccount(client)
    const demandTwo: Mutation<number> = {
      name: 'demandTwo',
      accounts: [account],
      async run(unit) {
        const { quota } = await unit.account(account)
        if (quota < 2) throw new StoreError('limit', 'less than two')
        return quota
      },
    }
    await client.commits.run(addOne(account))
    await other.commits.run(addOne(account))
    expect(await client.commits.run(demandTwo)).toBe(2)
  })

  test('an account that conflicted is locked before it is read, and what is remembered of it stays good', async () => {
    const account = await newAccount(client)
    await client.commits.run(addOne(account))
    // Not that by which the process keeps its lease.
    const namespace = `${client.database.db.databaseName}.${COLLECTIONS.account}`
    await failCommand(
      { times: 1 },
      { failCommands: ['update'], namespace, errorCode: 112, errorLabels: ['TransientTransactionError'] },
    )
    await client.commits.run(addOne(account))
    const whatIsSent = async (mutation: Mutation<unknown>): Promise<string[]> => {
      client.commands.length = 0
      await client.commits.run(mutation)
      return [...client.commands]
    }
    const locked = ['findAndModify', 'update', 'commitTransaction']
    expect(await whatIsSent(addOne(account))).toEqual(locked)
    await other.commits.run(addOne(account))
    expect(await whatIsSent(addOne(account))).toEqual(locked)
    const nothing: Mutation<void> = { name: 'nothing', accounts: [account], run: async () => {} }
    expect(await whatIsSent(nothing)).toEqual(['findAndModify', 'commitTransaction'])
    expect(await whatIsSent(addOne(account))).toEqual(locked)
    // Each moved the version by one: a transaction that did not lock it would notice any of them.
    expect(await stored(account)).toMatchObject({ quota: 6, modseq: 7, version: 8 })
    expect(await other.commits.run(addOne(account))).toBe(8)
  })

  test('a defect of one mutation is its own', async () => {
    const account = await newAccount(client)
    const broken: Mutation<void> = {
      name: 'broken',
      accounts: [account],
      run: () => Promise.reject(new TypeError('a defect')),
    }
    const tooLarge: Mutation<void> = {
      name: 'tooLarge',
      accounts: [account],
      async run(unit) {
        unit.insert('subscription', { _id: `${accountKey(account)}x`, path: 'x'.repeat(17 * 2 ** 20) })
      },
    }
    const outcomes = await Promise.allSettled([
      client.commits.run(broken),
      client.commits.run(addOne(account)),
      client.commits.run(tooLarge),
      client.commits.run(addOne(account)),
    ])
    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'fulfilled', 'rejected', 'fulfilled'])
    expect(await stored(account)).toMatchObject({ quota: 2, modseq: 3 })
  })

  test.each([
    ['was not committed, for the connection broke', { closeConnection: true }],
    [
      'was committed, but the answer says that nobody knows',
      { writeConcernError: { code: 91, errmsg: 'shutting down' } },
    ],
  ])('a commit that %s: each change once', async (_, failure) => {
    const account = await newAccount(client)
    await failCommand({ times: 3 }, { failCommands: ['commitTransaction'], ...failure })
    const modseqs = await Promise.all(times(8, () => client.commits.run(addOne(account))))
    await expectEachOnce(account, modseqs)
  })

  test('a transaction whose connection breaks before the commit runs again', async () => {
    const account = await newAccount(client)
    await failCommand({ times: 2 }, { failCommands: ['update'], closeConnection: true })
    const modseqs = await Promise.all(times(8, () => client.commits.run(addOne(account))))
    await expectEachOnce(account, modseqs)
  })

  test('a read whose connections break is asked again', async () => {
    const account = await newAccount(client)
    await failCommand({ times: 5 }, { failCommands: ['find'], closeConnection: true })
    const found = await client.database.read('reading an account', (session) =>
      client.database.collection('account').findOne({ _id: accountKey(account) }, { session }),
    )
    expect(found).toMatchObject({ _id: accountKey(account) })
  })

  test('a command that arrives after it was given up does not hold its account', async () => {
    const account = await newAccount(client)
    const proxy = await startMongoProxy(Number(new URL(place.url).port))
    const behind = await connect(urlThrough(proxy.port, databaseIn(place.url), '&socketTimeoutMS=1000'))
    try {
      await behind.commits.run(addOne(account))
      let isLate = false
      proxy.rules = {
        request: (command) => (command === 'update' && !isLate ? 'keep' : 'pass'),
        // MongoDB knows of no transaction that it could abort: it begins only now.
        reply(command) {
          if (command === 'abortTransaction') {
            isLate = true
            proxy.deliverKept()
          }
          return 'pass'
        },
      }
      const began = performance.now()
      await behind.commits.run(addOne(account))
      expect(isLate).toBe(true)
      // By itself MongoDB ends the transaction no sooner than after 5 s here.
      expect(performance.now() - began).toBeLessThan(4000)
      expect(await stored(account)).toMatchObject({ quota: 2 })
    } finally {
      await behind.close()
      await proxy.close()
    }
  })

  test('while MongoDB is away, nobody who has been told so is waited for', async () => {
    const proxy = await startMongoProxy(Number(new URL(place.url).port))
    const behind = await connect(urlThrough(proxy.port, databaseIn(place.url), '&socketTimeoutMS=0'), 5000)
    try {
      const numbers = await Promise.all(times(4, () => newAccount(client)))
      let finds = 0
      proxy.rules = {
        // Each transaction loses the answer to its first command, and nobody tells what became of it.
        request: (command) => (command === 'find' && finds++ % 2 === 1 ? 'keep' : 'pass'),
        reply: (command) => (command === 'find' ? 'cut' : 'pass'),
      }
      const outcomes: Promise<unknown>[] = []
      for (const number of numbers) {
        outcomes.push(behind.commits.run(addOne(number)).catch(({ code }) => code))
        while (proxy.kept < outcomes.length) await sleep(5)
      }
      outcomes.push(behind.commits.run(addOne(numbers[0] ?? 0)).catch(({ code }) => code))
      // No transaction is free.
      await behind.commits.close()
      expect(await Promise.all(outcomes)).toEqual(Array(5).fill('unavailable'))
    } finally {
      await behind.close()
      await proxy.close()
    }
  })

  test('an instance that died inside a transaction holds its accounts no longer than 5 s', async () => {
    const account = await newAccount(client)
    const dead = await MongoDatabase.open({ url: place.url })
    const session = dead.startSession()
    session.startTransaction()
    await dead
      .collection('account')
      .updateOne({ _id: accountKey(account) }, { $inc: { quota: 100 } }, { session })
    const instance = new Instance(dead)
    instance.adopt(session)
    // The last that it says before it dies.
    await instance.ping()
    const began = performance.now()
    await client.commits.run(addOne(account))
    // By itself MongoDB ends the transaction no sooner than after 5 s here, and 60 s by default.
    expect(performance.now() - began).toBeLessThan(4500)
    expect(await stored(account)).toMatchObject({ quota: 1 })
    await dead.close()
  })
})
