// Power loss, not only kill: strace shows that the WAL was synced before each reply, and a data folder rebuilt from
// what was synced (and a random part of what was not) holds every acknowledged change. Without syncs both must fail.

import { mkdirSync, rmSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { collecting, compare, findings, letLoose, prepare, type Run, startOn } from '../crash/run.js'
import { startServer, type TestServer } from '../server.js'
import { newDataFolder } from '../wire/data-folder.js'
import { ImapClient } from '../wire/imap.js'
import { required } from '../wire/required.js'
import { SmtpClient } from '../wire/smtp.js'
import { Disk } from './disk.js'
import { repliesBeforeSync } from './order.js'
import { hasStrace, startTraced } from './strace.js'

const straceSkip = required(hasStrace, 'strace')
const SYNCED = {}
const UNSYNCED = { EIDER_TEST_SYNCHRONOUS: 'OFF' }
const MINUTES = 60_000
const ROUNDS = 6

const MESSAGE = Buffer.from('Subject: power\r\n\r\nbody\r\n')

/** One change at a time, each answered before the next is asked for; returns the tags of IMAP's, and LMTP's count. */
async function changeInTurn({ listeners }: TestServer): Promise<{ tags: Set<string>; deliveries: number }> {
  const imap = await ImapClient.login(listeners.imap, 'power', 'secret word')
  const lmtp = await SmtpClient.connect(listeners.lmtp, 'lmtp')
  const tags = new Set<string>()
  const change = async (...parts: (string | Uint8Array)[]) => {
    await imap.expectOk(...parts)
    tags.add(imap.tag)
  }
  const deliveries = 5
  for (let turn = 0; turn < deliveries; turn++) {
    await change('APPEND INBOX ', MESSAGE)
    const replies = await lmtp.deliver({ to: ['power@example.com'], message: MESSAGE })
    expect(replies.map(({ code }) => code)).toEqual([250])
    await imap.expectOk('SELECT INBOX')
    await change(`STORE 1 FLAGS (key${turn})`)
    await change('COPY 1 Archive')
    await change('MOVE 2 Trash')
    await change('STORE 1 +FLAGS (\\Deleted)')
    await change('EXPUNGE')
    await change(`CREATE Power${turn}`)
  }
  imap.close()
  lmtp.close()
  return { tags, deliveries }
}

/** A tagged OK of one of the changes, or the 250 that follows DATA's 354. */
function acknowledger(tags: ReadonlySet<string>): (octets: string) => boolean {
  let data = false
  return (octets) => {
    const ended = data && octets.startsWith('250')
    if (ended || octets.startsWith('354')) data = !ended
    return ended || tags.has(/^(t\d+) OK/m.exec(octets)?.[1] ?? '')
  }
}

async function orderOfReplies(env: Record<string, string>) {
  const data = newDataFolder()
  const plain = await startServer({ dir: data })
  await plain.createUser('power', 'secret word', 'power@example.com')
  await plain.stop()
  const { server, calls } = await startTraced({ dir: data, env })
  const { tags, deliveries } = await changeInTurn(server)
  await server.kill()
  const result = repliesBeforeSync(calls(), acknowledger(tags))
  rmSync(data, { recursive: true, force: true })
  return { changes: tags.size + deliveries, ...result }
}

async function whatIsThere(run: Run): Promise<string[]> {
  const problems = await findings(run.data)
  const server = await startOn(run)
  problems.push(...(await compare(run, server)))
  await server.stop()
  return problems
}

/** Rounds of the crash test in which the data folder is afterwards what a power loss leaves of it. */
async function losePower(env: Record<string, string>, rounds: number, seed: number): Promise<string[]> {
  const run = await prepare(seed)
  const problems: string[] = []
  for (let round = 0; round < rounds && problems.length === 0; round++) {
    const disk = new Disk(run.data)
    const { server, calls } = await startTraced({ dir: run.data, set: collecting(), env })
    problems.push(...(await letLoose(run, server)))
    disk.replay(calls())
    rmSync(run.data, { recursive: true })
    mkdirSync(run.data)
    disk.write(run.data, run.shared.random)
    problems.push(...(await whatIsThere(run).catch((error: Error) => [`cannot be opened: ${error.message}`])))
  }
  rmSync(run.data, { recursive: true, force: true })
  return problems
}

describe.skipIf(!hasStrace)(`power loss${straceSkip}`, { timeout: 5 * MINUTES }, () => {
  it('syncs the WAL before each reply', async () => {
    const { changes, replies, early } = await orderOfReplies(SYNCED)
    expect(early).toEqual([])
    expect(replies).toBe(changes)
  })

  it('would notice replies before the sync', async () => {
    const { changes, early } = await orderOfReplies(UNSYNCED)
    expect(early).toHaveLength(changes)
  })

  const seed = Number(process.env['SEED'] ?? Date.now() % 2 ** 31)

  it(`keeps every acknowledged change (SEED=${seed})`, async () => {
    expect(await losePower(SYNCED, ROUNDS, seed)).toEqual([])
  })

  it(`would notice what was not synced (SEED=${seed})`, async () => {
    expect(await losePower(UNSYNCED, ROUNDS, seed)).not.toEqual([])
  })
})
