// The whole topology that docs/operations.md describes and compose.yaml starts, as plain processes: clients come through
// HAProxy, an instance goes and comes back, and whoever was not on it notices nothing.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { describeWith } from '../support/programs.js'
import { ImapClient } from '../wire/imap.js'
import { SmtpClient } from '../wire/smtp.js'
import { INSTANCES, type InstanceNumber, Topology } from './topology.js'

const TIMEOUT_MS = 240_000

interface Session {
  readonly client: ImapClient
  readonly on: InstanceNumber
}

describeWith(['mongod', 'redis-server', 'haproxy'], 'three instances behind HAProxy', () => {
  let dir: string
  let topology: Topology

  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), 'eider-cluster-'))
    const [a, b] = [1 + (process.pid % 250), 1 + Math.floor(Math.random() * 250)]
    topology = await Topology.start({ dir, net: `127.${a}.${b}` })
    await instance(1).createUser('anna', 'secretpass', 'anna@example.org')
  }, TIMEOUT_MS)
  afterAll(async () => {
    await topology.stop()
    rmSync(dir, { recursive: true, force: true, maxRetries: 10 })
  }, TIMEOUT_MS)

  const instance = (number: InstanceNumber) => {
    const found = topology.instances.get(number)
    if (found === undefined) throw new Error(`instance ${number} was not started`)
    return found
  }

  const logins = (number: InstanceNumber): number =>
    instance(number).log().split('"event":"imap-login"').length

  /** Through the balancer; whose log says so is the one it came to. */
  async function login(among: readonly InstanceNumber[] = INSTANCES): Promise<Session> {
    const before = new Map(among.map((number) => [number, logins(number)]))
    const client = await ImapClient.login(topology.balancer('imap'), 'anna', 'secretpass')
    await client.expectOk('SELECT INBOX')
    const came = () => among.find((number) => logins(number) > (before.get(number) ?? 0))
    await expect.poll(came).toBeDefined()
    return { client, on: came() as InstanceNumber }
  }

  async function deliver(): Promise<number> {
    const client = await SmtpClient.connect(topology.balancer('lmtp'), 'lmtp')
    const message = Buffer.from('Subject: through the balancer\r\n\r\nhello\r\n')
    const [reply] = await client.deliver({ to: ['anna@example.org'], message })
    await client.quit()
    return reply?.code ?? 0
  }

  test('clients come to all three, and see the same mail', { timeout: TIMEOUT_MS }, async () => {
    const sessions: Session[] = []
    for (let n = 0; n < 6; n++) sessions.push(await login())
    expect(new Set(sessions.map(({ on }) => on))).toEqual(new Set(INSTANCES))
    expect(await deliver()).toBe(250)
    for (const { client } of sessions) {
      await client.expectOk('NOOP')
      expect(await client.search('ALL')).toEqual([1])
      await client.logout()
    }
  })

  test('one is stopped: HAProxy takes it out, sessions elsewhere go on, and it comes back', {
    timeout: TIMEOUT_MS,
  }, async () => {
    const sessions: Session[] = []
    while (new Set(sessions.map(({ on }) => on)).size < INSTANCES.length) sessions.push(await login())
    const gone = 2
    const rest = INSTANCES.filter((number) => number !== gone)
    await instance(gone).stop()
    // From the first moment on: a connection that finds it gone is given to another.
    for (let n = 0; n < 12; n++) expect(await deliver()).toBe(250)
    for (const { client, on } of sessions) {
      if (on === gone) await expect(client.expectOk('NOOP')).rejects.toThrow()
      else {
        await client.expectOk('NOOP')
        expect(await client.search('ALL')).toHaveLength(13)
      }
      client.close()
    }
    for (let n = 0; n < 6; n++) {
      const { client } = await login(rest)
      expect(await client.search('ALL')).toHaveLength(13)
      await client.logout()
    }
    await topology.startInstance(gone)
    const comesBack = async () => {
      const { client, on } = await login()
      await client.logout()
      return on
    }
    await expect.poll(comesBack, { timeout: 60_000, interval: 200 }).toBe(gone)
  })
})
