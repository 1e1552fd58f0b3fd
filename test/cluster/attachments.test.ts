// Four processes deliver and expunge the same attachments over one MongoDB, with GridFS and collectors that never rest:
// what is referred to is there, and what nothing refers to goes. docs/architecture.md, "What is kept for what is gone".

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { checkEverything } from '../../src/mail/check.js'
import { collectOnce } from '../../src/mail/collect.js'
import type { Account } from '../../src/mail/types.js'
import { newPlace, type Place } from '../support/engine.js'
import { accountWith } from '../support/inbox.js'
import { describeWith } from '../support/programs.js'
import { type OpenServices, openServicesOn } from '../support/services.js'
import { GRACE_MS } from './attachment-messages.js'
import { inFull } from './scale.js'

const PROCESSES = 4
const SECONDS = inFull ? '60' : '12'
const SEED = Number(process.env['SEED'] ?? Math.floor(Math.random() * 1_000_000))

const fixture = fileURLToPath(new URL('./attachments.fixture.js', import.meta.url))

interface Told {
  readonly done: Readonly<Record<string, number>>
  readonly missing: readonly string[]
}

describeWith(['mongod', 'redis-server'], 'attachments that many share, on MongoDB', () => {
  let place: Place
  let services: Omit<OpenServices, 'dir'>
  const accounts: Account[] = []
  beforeAll(async () => {
    place = await newPlace('MongoDB')
    services = await openServicesOn(place.set, undefined, { blobGraceMs: GRACE_MS })
    for (const name of ['anna', 'ben']) {
      accounts.push(await accountWith(services, name))
    }
  })
  afterAll(async () => {
    await services.close()
    await place.remove()
  })

  async function runProcess(number: number): Promise<Told> {
    const addresses = ['anna@example.org', 'ben@example.org']
    const args = [fixture, JSON.stringify(place.set), String(SEED + number), SECONDS, ...addresses]
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
    const [said, [code]] = await Promise.all([text(child.stdout), once(child, 'exit')])
    expect(code, `process ${number}`).toBe(0)
    return JSON.parse(said) as Told
  }

  const check = async () => {
    const findings: unknown[] = []
    for await (const finding of checkEverything(services, { repair: false })) findings.push(finding)
    return findings
  }

  /** Until everything that nothing names has had its two graces. */
  async function settle(): Promise<void> {
    for (let round = 0; round < 4; round++) {
      await collectOnce(services, { tombstoneAge: 0, contentAge: 0 })
      await sleep(GRACE_MS + 200)
    }
  }

  async function kept(): Promise<string[]> {
    const hashes: string[] = []
    for await (const { hash } of services.blobs.verify()) hashes.push(hash)
    return hashes.sort()
  }

  async function referred(): Promise<string[]> {
    const hashes: string[] = []
    for await (const page of services.store.allReferencedBlobs()) hashes.push(...page)
    return hashes.sort()
  }

  async function expungeEverything(): Promise<void> {
    for (const { id } of accounts)
      for (const { id: mailbox } of await services.store.mailboxes(id)) {
        const uids: number[] = []
        for await (const { entries } of services.store.entries(id, mailbox, {})) uids.push(...entries.uids)
        const all = Uint32Array.from(uids)
        const change = { mode: 'add', flags: ['\\Deleted'] } as const
        for await (const _ of services.store.changeFlags(id, mailbox, all, change));
        for await (const _ of services.store.expunge(id, mailbox, all));
      }
  }

  test(`nothing in use is missing, and nothing is left over (seed ${SEED})`, async () => {
    const told = await Promise.all(Array.from({ length: PROCESSES }, (_, n) => runProcess(n)))
    const sums: Record<string, number> = {}
    for (const { done } of told)
      for (const [name, count] of Object.entries(done)) sums[name] = (sums[name] ?? 0) + count
    console.info(`${PROCESSES} processes in ${SECONDS} s:`, JSON.stringify(sums))
    expect(told.flatMap(({ missing }) => missing)).toEqual([])
    for (const name of ['delivered', 'expunged', 'read', 'contents', ...(inFull ? ['blobs'] : [])])
      expect(sums[name], name).toBeGreaterThan(0)
    expect(await check()).toEqual([])
    await settle()
    expect(await kept()).toEqual(await referred())
    expect(await check()).toEqual([])
    await expungeEverything()
    await settle()
    expect(await referred()).toEqual([])
    expect(await kept()).toEqual([])
    expect(await check()).toEqual([])
  }, 180_000)
})
