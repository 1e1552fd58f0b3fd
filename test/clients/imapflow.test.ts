// imapflow, the client library of Nodemailer: lists, flags, moves, searches, deletes, appends and hears of new mail.

import { ImapFlow } from 'imapflow'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startServer, type TestServer } from '../server.js'
import { SmtpClient } from '../wire/smtp.js'
import { ADDRESS, letter, PASSWORD, rowOf, USER, Witness } from './witness.js'

const [one, two, three] = [letter('one'), letter('two'), letter('three')]

describe('imapflow', () => {
  let server: TestServer
  let witness: Witness
  let client: ImapFlow

  beforeAll(async () => {
    server = await startServer()
    await server.createUser(USER, PASSWORD, ADDRESS)
    witness = await Witness.login(server)
    await witness.seed('INBOX', [one, two, three])
    client = new ImapFlow({
      host: '127.0.0.1',
      port: server.port('imap'),
      secure: false,
      tls: { rejectUnauthorized: false },
      auth: { user: USER, pass: PASSWORD },
      logger: false,
    })
    await client.connect()
    await client.mailboxOpen('INBOX')
  })
  afterAll(async () => {
    await client?.logout()
    await witness?.logout()
    await server?.stop()
  })

  it('lists mailboxes with their special uses', async () => {
    const listed = (await client.list()).map(({ path, specialUse }) => [path, specialUse])
    expect(listed).toEqual(
      expect.arrayContaining([
        ['INBOX', '\\Inbox'],
        ['Sent Mail', '\\Sent'],
        ['Trash', '\\Trash'],
        ['Archive', '\\Archive'],
      ]),
    )
  })

  it('reads a message octet for octet', async () => {
    const message = await client.fetchOne('2', { source: true, envelope: true, bodyStructure: true })
    if (message === false) throw new Error('no message')
    expect(message.source?.equals(two)).toBe(true)
    expect(message.envelope?.subject).toBe('about two')
    expect(message.bodyStructure?.type).toBe('text/plain')
    expect(await witness.table('INBOX')).toEqual([rowOf(1, [], one), rowOf(2, [], two), rowOf(3, [], three)])
  })

  it('flags', async () => {
    await client.messageFlagsAdd({ uid: '1:2' }, ['\\Flagged', 'later'])
    await client.messageFlagsRemove({ uid: '2' }, ['later'])
    expect((await witness.table('INBOX')).slice(0, 2)).toEqual([
      rowOf(1, ['\\Flagged', 'later'], one),
      rowOf(2, ['\\Flagged'], two),
    ])
  })

  it('searches', async () => {
    expect(await client.search({ body: 'about three' }, { uid: true })).toEqual([3])
    expect(await client.search({ flagged: true, subject: 'two' }, { uid: true })).toEqual([2])
  })

  it('copies and moves', async () => {
    const copied = await client.messageCopy('3', 'Drafts', { uid: true })
    const moved = await client.messageMove('1', 'Archive', { uid: true })
    expect((copied || undefined)?.uidMap?.get(3)).toBe(1)
    expect((moved || undefined)?.uidMap?.get(1)).toBe(1)
    expect(await witness.table('INBOX')).toEqual([rowOf(2, ['\\Flagged'], two), rowOf(3, [], three)])
    expect(await witness.table('Archive')).toEqual([rowOf(1, ['\\Flagged', 'later'], one)])
    expect(await witness.table('Drafts')).toEqual([rowOf(1, [], three)])
  })

  it('deletes', async () => {
    await client.messageDelete('3', { uid: true })
    expect(await witness.table('INBOX')).toEqual([rowOf(2, ['\\Flagged'], two)])
  })

  it('appends', async () => {
    const four = letter('four')
    const appended = await client.append('INBOX', four, ['\\Seen'])
    expect((appended || undefined)?.uid).toBe(4)
    expect((await witness.table('INBOX'))[1]).toBe(rowOf(4, ['\\Seen'], four))
  })

  it('hears of new mail while it idles', async () => {
    const heard = new Promise<number>((resolve) => client.once('exists', ({ count }) => resolve(count)))
    const idling = client.idle()
    const sender = await SmtpClient.connect(server.listeners.lmtp, 'lmtp')
    await sender.deliver({ to: [ADDRESS], message: letter('five') })
    await sender.quit()
    expect(await heard).toBe(3)
    await client.noop()
    await idling
  })
})
