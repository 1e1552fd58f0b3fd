// The crash contract on MongoDB: a process dies before or after a command of its transaction is sent.

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { type Document, MongoClient } from 'mongodb'
import { newDatabase, type TestDatabase } from '../../../test/support/mongod.js'
import { describeWith } from '../../../test/support/programs.js'
import { crashContract } from '../contract/crash-contract.js'
import { INSTANCES } from './instance.js'
import { openMongoStore } from './mongo-store.js'
import { COLLECTIONS } from './schema.js'

const fixture = fileURLToPath(new URL('./crash.fixture.js', import.meta.url))

/** Making collections costs more than all else: they are cleared and filled again. */
class KeptState {
  readonly #client: MongoClient
  readonly #kept = new Map<string, Document[]>()

  constructor(client: MongoClient) {
    this.#client = client
  }

  async keep(): Promise<void> {
    for (const name of new Set<string>(Object.values(COLLECTIONS)))
      this.#kept.set(name, await this.#client.db().collection(name).find().toArray())
  }

  async restore(): Promise<void> {
    const db = this.#client.db()
    for (const [name, documents] of this.#kept) {
      const collection = db.collection(name)
      await collection.deleteMany({})
      if (documents.length > 0) await collection.insertMany(documents)
    }
    // What the majority has of this it has of all before.
    const last = { writeConcern: { w: 'majority' as const } }
    await db.collection(COLLECTIONS.outbox).deleteMany({}, last)
  }

  /** What a dead process left on the server ends: what it had sent has happened by then, or never will. */
  async endSessionsOf(pid: number): Promise<void> {
    const instances = this.#client.db().collection(INSTANCES)
    const found = await instances.find({ pid }, { promoteBuffers: false }).toArray()
    for (const { _id, sessions } of found) {
      await this.#client.db('admin').command({ killSessions: sessions })
      await instances.deleteOne({ _id })
    }
  }
}

describeWith(['mongod'], 'crashes', () => {
  let database: TestDatabase
  let client: MongoClient
  let kept: KeptState
  /** Started before it is needed: it opens the store while others are looked at. */
  let next: ChildProcess
  const start = () => spawn(process.execPath, [fixture, database.url], { stdio: ['pipe', 'pipe', 'inherit'] })

  crashContract({
    name: 'MongoDB',
    // A read, a write and a commit, each of the last two before it is sent and behind it.
    fewestSteps: 5,
    async prepare(fill) {
      database = await newDatabase()
      client = new MongoClient(database.url, { writeConcern: { w: 1 } })
      kept = new KeptState(client)
      const store = await openMongoStore({ url: database.url })
      await fill(store)
      await store.close()
      await kept.keep()
      next = start()
    },
    async attempt(intention, step) {
      await kept.restore()
      const child = next
      child.stdin?.write(`${intention} ${step}\n`)
      const said = child.stdout === null ? '' : text(child.stdout)
      const [code, signal] = await once(child, 'exit')
      next = start()
      if (signal === null && code !== 0)
        throw new Error(`the process of ${intention} ended with code ${code}`)
      await kept.endSessionsOf(child.pid ?? 0)
      return { died: signal === 'SIGKILL', acknowledged: (await said) === 'acknowledged\n' }
    },
    open: () => openMongoStore({ url: database.url }),
    async dispose() {
      next.kill()
      await client.close()
      await database.drop()
    },
  })
})
