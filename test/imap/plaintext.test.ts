// Passwords do not travel in the open: from elsewhere than loopback LOGIN needs TLS (RFC 3501 §6.2.3, §11.1; RFC 5530 §3).
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { createServer, type Server } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createImapServer } from '../../src/imap/server.js'
import { Connection } from '../../src/kit/listener.js'
import { silentLogger } from '../../src/kit/log.js'
import { ImapClient } from './client.js'
import { type ImapTestServer, startImapServer } from './server.js'

let server: ImapTestServer
const fronts: Server[] = []

/** A front door whose connections seem to come from another machine. */
async function fromAfar(plaintextLogin: boolean): Promise<number> {
  const imap = createImapServer(server.services, { plaintextLogin })
  const front = createServer((socket) =>
    imap.handle(
      new Connection({ socket, id: 'x', remoteAddress: '192.0.2.1', tls: undefined, log: silentLogger }),
    ),
  )
  fronts.push(front.listen(0, '127.0.0.1'))
  await once(front, 'listening')
  return (front.address() as AddressInfo).port
}

beforeAll(async () => {
  server = await startImapServer()
  await server.addUser('anna')
})
afterAll(async () => {
  for (const front of fronts) front.close()
  await server.close()
})

test('without TLS there is no login', async () => {
  const client = await ImapClient.connect(await fromAfar(false))
  const greeting = (await client.response()) ?? ''
  expect(greeting).toContain(' LOGINDISABLED')
  expect(greeting).not.toContain('AUTH=')
  expect((await client.command('LOGIN anna correct-horse')).tagged).toMatch(/^NO \[PRIVACYREQUIRED\]/)
  expect((await client.command('AUTHENTICATE PLAIN AGFubmEAY29ycmVjdC1ob3JzZQ==')).tagged).toMatch(
    /^NO \[PRIVACYREQUIRED\]/,
  )
  client.close()
})

test('unless the configuration allows it', async () => {
  const client = await ImapClient.connect(await fromAfar(true))
  expect(await client.response()).toContain(' AUTH=PLAIN')
  expect((await client.command('AUTHENTICATE PLAIN AGFubmEAY29ycmVjdC1ob3JzZQ==')).tagged).toMatch(
    /^OK \[CAPABILITY /,
  )
  client.close()
})
