// Sixteen writers in four processes change the same three mailboxes of one database: what no session may see, no UID lost
// or given twice, and at the end every count right. `npm run test:cluster` does it for 60 s.

import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { INBOX_ID } from '../../src/mail/deliver.js'
import type { Services } from '../../src/mail/services.js'
import { runEider } from '../server.js'
import { newPlace, type Place, settings } from '../support/engine.js'
import { accountWith } from '../support/inbox.js'
import { describeWith } from '../support/programs.js'
import { openServicesOn } from '../support/services.js'
import { inFull } from './scale.js'
import type { Kind, WriterWork } from './writer.js'
import type { Order, Told } from './writer-process.js'

const PROCESSES = 4
const SECONDS = inFull ? 60 : 8
const FILE = fileURLToPath(new URL('./writer-process.js', import.meta.url))

class WriterProcess {
  readonly #child: ChildProcess
  #errors = ''

  constructor({ set }: Place) {
    this.#child = fork(FILE, [set['store.url'] ?? '', set['bus.url'] ?? ''], {
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    })
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#errors += text
    })
  }

  give(order: Order): void {
    this.#child.send(order)
  }

  async told<K extends Told['told']>(kind: K): Promise<Extract<Told, { told: K }>> {
    const [message] = (await Promise.race([once(this.#child, 'message'), once(this.#child, 'close')])) as [
      Told,
    ]
    if (message?.told !== kind) throw new Error(`a process of writers ended:\n${this.#errors}`)
    return message as Extract<Told, { told: K }>
  }

  kill(): void {
    this.#child.kill('SIGKILL')
  }
}

async function writeFrom(processes: readonly WriterProcess[], work: WriterWork, seed: number) {
  await Promise.all(processes.map((each) => each.told('ready')))
  const stopped = processes.map((each, n) => {
    const told = each.told('stopped')
    each.give({ order: 'start', work, seed: seed + n * 100, seconds: SECONDS })
    return told
  })
  return Promise.all(stopped)
}

async function settle(processes: readonly WriterProcess[]): Promise<number> {
  const settled = processes.map((each) => {
    const told = each.told('settled')
    each.give({ order: 'settle' })
    return told
  })
  return (await Promise.all(settled)).reduce((sum, { replayed }) => sum + replayed, 0)
}

/** An account, and three of its mailboxes, INBOX first. */
async function place(services: Services): Promise<WriterWork> {
  const { id } = await accountWith(services, 'anna')
  const others = (await services.store.mailboxes(id)).filter((mailbox) => mailbox.id !== INBOX_ID)
  const mailboxes = [INBOX_ID, ...others.slice(0, 2).map((mailbox) => mailbox.id)]
  return { account: id, address: 'anna@example.org', mailboxes }
}

const sumOf = (parts: readonly Record<Kind, number>[]): Record<Kind, number> =>
  parts.reduce((sum, part) => ({
    append: sum.append + part.append,
    deliver: sum.deliver + part.deliver,
    copy: sum.copy + part.copy,
    move: sum.move + part.move,
    flag: sum.flag + part.flag,
    expunge: sum.expunge + part.expunge,
  }))

describeWith(['mongod', 'redis-server'], 'four processes with four writers each, in three mailboxes', () => {
  test(`${SECONDS} s: UIDs ascend for everybody, none is lost or doubled, and every count is right`, {
    timeout: SECONDS * 1000 + 180_000,
  }, async () => {
    const seed = Math.floor(Math.random() * 2 ** 31)
    console.log(`seed ${seed}`)
    const on = await newPlace('MongoDB')
    const services = await openServicesOn(on.set)
    const processes = Array.from({ length: PROCESSES }, () => new WriterProcess(on))
    try {
      const work = await place(services)
      const stopped = await writeFrom(processes, work, seed)
      const replayed = await settle(processes)
      for (const mailbox of work.mailboxes) {
        const uids = stopped
          .flatMap(({ allocated }) => allocated)
          .filter(([where]) => where === mailbox)
          .map(([, uid]) => uid)
          .sort((a, b) => a - b)
        const row = await services.store.mailbox(work.account, mailbox)
        // As many as were acknowledged, each once: what was allocated was committed.
        expect(uids).toEqual(Array.from({ length: (row?.uidNext ?? 0) - 1 }, (_, n) => n + 1))
      }
      const { previous, storageUsed } = await services.store.recountStorage(work.account)
      expect(previous).toBe(storageUsed)
      expect(await runEider([...settings(on.set), 'check'])).toMatchObject({ code: 0 })
      const done = sumOf(stopped.map((told) => told.done))
      const slowest = Math.round(Math.max(...stopped.map((told) => told.slowestMs)))
      console.log(
        `${JSON.stringify(done)}; the slowest took ${slowest} ms; ${replayed} observed states led to the last`,
      )
      for (const count of Object.values(done)) expect(count).toBeGreaterThan(0)
      expect(replayed).toBeGreaterThan(PROCESSES)
    } finally {
      for (const each of processes) each.kill()
      await services.close()
      await on.remove()
    }
  })
})
