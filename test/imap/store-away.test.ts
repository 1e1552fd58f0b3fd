// A store that takes nothing more, or is away for a while: FETCH sets \\Seen where that can be written (RFC 3501 §6.4.5)
// and gives the message in any case; IDLE goes on; what was done is not said to have failed.
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest'
import { StoreError } from '../../src/store/errors.js'
import { ImapClient } from './client.js'
import { type ImapTestServer, startImapServer } from './server.js'

let server: ImapTestServer

beforeAll(async () => {
  server = await startImapServer()
  await server.addUser('anna')
})
afterAll(() => server.close())
afterEach(() => vi.restoreAllMocks())

/** A mailbox with one message, selected. */
async function selectNew(client: ImapClient, name: string): Promise<void> {
  await client.ok(`CREATE ${name}`)
  await client.append(name, 'Subject: a\r\n\r\nbody\r\n')
  await client.ok(`SELECT ${name}`)
}

test('a message is read although \\Seen cannot be set, and is not said to be seen', async () => {
  const client = await ImapClient.login(server.port, 'anna')
  await client.append('INBOX', 'Subject: a\r\n\r\nbody\r\n')
  await client.ok('SELECT INBOX')
  const full = vi.spyOn(server.services.store, 'changeFlags').mockImplementation(() => {
    throw new StoreError('disk-full', 'the disk is full')
  })
  expect(await client.ok('FETCH 1 (FLAGS BODY[TEXT])')).toEqual([
    '* 1 FETCH (FLAGS (\\Recent) BODY[TEXT] {6}\r\nbody\r\n)',
  ])
  expect((await client.command('STORE 1 +FLAGS (\\Seen)')).tagged).toMatch(/^NO \[UNAVAILABLE\]/)
  full.mockRestore()
  expect(await client.ok('FETCH 1 BODY[TEXT]')).toEqual([
    '* 1 FETCH (FLAGS (\\Seen \\Recent) BODY[TEXT] {6}\r\nbody\r\n)',
  ])
  client.close()
})

test('a message that is set \\Seen and cannot be read then is told to be seen', async () => {
  const client = await ImapClient.login(server.port, 'anna')
  await selectNew(client, 'unread')
  const failing = vi.spyOn(server.services.store, 'sources').mockImplementation(() => {
    throw new StoreError('unavailable', 'away')
  })
  expect((await client.command('FETCH 1 BODY[TEXT]')).tagged).toMatch(/^NO \[UNAVAILABLE\]/)
  failing.mockRestore()
  expect(await client.ok('NOOP')).toEqual(['* 1 FETCH (UID 1 FLAGS (\\Seen \\Recent))'])
  client.close()
})

test('messages that are far from being sent are not set \\Seen', async () => {
  const client = await ImapClient.login(server.port, 'anna')
  await selectNew(client, 'many')
  for (let times = 0; times < 8; times++) await client.ok('COPY 1:* many')
  await client.ok('NOOP')
  const { store } = server.services
  const { sources } = store
  const failing = vi.spyOn(store, 'sources').mockImplementation(() => {
    throw new StoreError('unavailable', 'away')
  })
  failing.mockImplementationOnce(sources)
  const { untagged, tagged } = await client.command('FETCH 1:* BODY[TEXT]')
  failing.mockRestore()
  expect([untagged.length, tagged]).toEqual([64, expect.stringMatching(/^NO \[UNAVAILABLE\]/)])
  const [seen = ''] = await client.ok('SEARCH SEEN')
  expect(seen.split(' ').length - 2).toBe(128)
  client.close()
})

test('a STORE that cannot be told of is told by the next command', async () => {
  const client = await ImapClient.login(server.port, 'anna')
  await selectNew(client, 'flagged')
  const failing = vi
    .spyOn(server.services.store, 'flagTable')
    .mockRejectedValue(new StoreError('unavailable', 'away'))
  expect((await client.command('STORE 1 +FLAGS (\\Flagged)')).tagged).toMatch(/^NO \[UNAVAILABLE\]/)
  failing.mockRestore()
  expect(await client.ok('NOOP')).toEqual(['* 1 FETCH (UID 1 FLAGS (\\Flagged \\Recent))'])
  client.close()
})

test('a keyword that another session creates while messages are set \\Seen is told', async () => {
  const [client, other] = await pair()
  await selectNew(client, 'keyworded')
  await other.ok('SELECT keyworded')
  const { store } = server.services
  const { changeFlags } = store
  const late = vi.spyOn(store, 'changeFlags').mockImplementationOnce(async function* (...args) {
    await other.ok('STORE 1 +FLAGS.SILENT ($Late)')
    yield* changeFlags(...args)
  })
  const told = await client.ok('FETCH 1 BODY[TEXT]')
  late.mockRestore()
  expect(told.at(-1)).toBe('* 1 FETCH (FLAGS (\\Seen $Late \\Recent) BODY[TEXT] {6}\r\nbody\r\n)')
  client.close()
  other.close()
})

test('of a large mailbox that another session emptied not all is read at once', async () => {
  const [client, other] = await pair()
  await selectNew(client, 'emptied')
  for (let times = 0; times < 12; times++) await client.ok('COPY 1:* emptied')
  await client.ok('NOOP')
  await other.ok('SELECT emptied')
  await other.ok('STORE 1:* +FLAGS.SILENT (\\Deleted)')
  await other.ok('EXPUNGE')
  const reads = vi.spyOn(server.services.store, 'expungedEntries')
  expect(await client.ok('FETCH 1:* FLAGS')).toHaveLength(4096)
  expect(reads.mock.calls.length).toBeGreaterThanOrEqual(4)
  for (const [, , uids] of reads.mock.calls) expect(uids.length).toBeLessThanOrEqual(1024)
  reads.mockRestore()
  client.close()
  other.close()
})

test('a message goes into the mailbox that has its name when it has come', async () => {
  const [client, other] = await pair()
  await client.ok('CREATE moving')
  const { store } = server.services
  const { append } = store
  const late = vi.spyOn(store, 'append').mockImplementationOnce(async (...args) => {
    await other.ok('RENAME moving moved')
    await other.ok('CREATE moving')
    return append(...args)
  })
  expect(await client.append('moving', 'Subject: a\r\n\r\nbody\r\n')).toMatch(/^OK \[APPENDUID \d+ 1\]/)
  late.mockRestore()
  expect(await client.ok('STATUS moving (MESSAGES)')).toEqual(['* STATUS moving (MESSAGES 1)'])
  client.close()
  other.close()
})

const pair = () => Promise.all([ImapClient.login(server.port, 'anna'), ImapClient.login(server.port, 'anna')])

/** What sessions read first when they look for changes. */
const away = () =>
  vi.spyOn(server.services.store, 'mailbox').mockRejectedValue(new StoreError('unavailable', 'away'))

test('IDLE goes on while the store is away, and tells what was missed', async () => {
  const [idling, other] = await pair()
  await other.ok('CREATE idling')
  await idling.ok('SELECT idling')
  idling.send('i IDLE\r\n')
  await idling.until('+')
  const failing = away()
  await other.append('idling', 'Subject: a\r\n\r\nbody\r\n')
  await vi.waitFor(() => expect(failing).toHaveBeenCalled())
  failing.mockRestore()
  await other.append('idling', 'Subject: b\r\n\r\nbody\r\n')
  expect(await idling.response()).toBe('* 2 EXISTS')
  idling.close()
  other.close()
})

test('EXISTS does not wait until it is written down whose the message is \\Recent', async () => {
  const [idling, other] = await pair()
  await other.ok('CREATE fresh')
  await idling.ok('SELECT fresh')
  idling.send('i IDLE\r\n')
  await idling.until('+')
  const { store } = server.services
  const claimRecent = store.claimRecent.bind(store)
  let write = () => {}
  const mayWrite = new Promise<void>((resolve) => {
    write = resolve
  })
  const slow = vi.spyOn(store, 'claimRecent').mockImplementation(async (...args) => {
    await mayWrite
    return claimRecent(...args)
  })
  await other.append('fresh', 'Subject: a\r\n\r\nbody\r\n')
  expect(await idling.response()).toBe('* 1 EXISTS')
  await vi.waitFor(() => expect(slow).toHaveBeenCalled())
  write()
  expect(await idling.response()).toBe('* 1 RECENT')
  slow.mockRestore()
  idling.close()
  other.close()
})

test('what was done is not said to have failed where only the news of others cannot be read', async () => {
  const [client, other] = await pair()
  await other.ok('CREATE news')
  await client.ok('SELECT news')
  const failing = away()
  await other.append('news', 'Subject: a\r\n\r\nbody\r\n')
  expect(await client.append('INBOX', 'Subject: a\r\n\r\nbody\r\n')).toMatch(/^OK/)
  expect(failing).toHaveBeenCalled()
  expect((await client.command('NOOP')).tagged).toMatch(/^NO \[UNAVAILABLE\]/)
  failing.mockRestore()
  expect(await client.ok('NOOP')).toContain('* 1 EXISTS')
  client.close()
  other.close()
})

test('who was told that the store is away has not waited for the news of others as well', async () => {
  const [client, other] = await pair()
  await other.ok('CREATE twice')
  await other.append('twice', 'Subject: a\r\n\r\nbody\r\n')
  await client.ok('SELECT twice')
  await other.append('twice', 'Subject: b\r\n\r\nbody\r\n')
  const refusing = vi.spyOn(server.services.store, 'changeFlags').mockImplementation(() => {
    throw new StoreError('unavailable', 'away')
  })
  const reading = vi.spyOn(server.services.store, 'mailbox')
  const { untagged, tagged } = await client.command('STORE 1 +FLAGS (\\Seen)')
  expect(tagged).toMatch(/^NO \[UNAVAILABLE\]/)
  expect(untagged).toEqual([])
  expect(reading).not.toHaveBeenCalled()
  refusing.mockRestore()
  reading.mockRestore()
  expect(await client.ok('STORE 1 +FLAGS (\\Seen)')).toContain('* 2 EXISTS')
  client.close()
  other.close()
})
