// curl as an IMAP client: lists, reads, flags, moves, searches, deletes and uploads.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startServer, type TestServer } from '../server.js'
import { hasProgram, required } from '../wire/required.js'
import { expectProgram } from './run-program.js'
import { ADDRESS, letter, PASSWORD, rowOf, USER, Witness } from './witness.js'

const present = hasProgram('curl')
const [one, two, three] = [letter('one'), letter('two'), letter('three')]

describe.skipIf(!present)(`curl${required(present, 'curl')}`, () => {
  let server: TestServer
  let witness: Witness
  let folder: string
  const curl = (path: string, ...more: string[]) =>
    expectProgram('curl', [
      '-sS',
      '-u',
      `${USER}:${PASSWORD}`,
      `imap://${server.listeners.imap}/${path}`,
      ...more,
    ])

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'eider-curl-'))
    server = await startServer()
    await server.createUser(USER, PASSWORD, ADDRESS)
    witness = await Witness.login(server)
    await witness.seed('INBOX', [one, two, three])
  })
  afterAll(async () => {
    await witness?.logout()
    await server?.stop()
    rmSync(folder, { recursive: true, force: true })
  })

  it('lists mailboxes', async () => {
    const listed = (await curl('')).toString()
    for (const name of ['INBOX', '"Sent Mail"', 'Archive']) expect(listed).toContain(name)
  })

  it('reads a message octet for octet', async () => {
    expect((await curl('INBOX;UID=2')).equals(two)).toBe(true)
    expect(await witness.table('INBOX')).toEqual([
      rowOf(1, [], one),
      rowOf(2, ['\\Seen'], two),
      rowOf(3, [], three),
    ])
  })

  it('flags', async () => {
    await curl('INBOX', '-X', 'UID STORE 1 +FLAGS (\\Flagged later)')
    expect((await witness.table('INBOX'))[0]).toBe(rowOf(1, ['\\Flagged', 'later'], one))
  })

  it('searches', async () => {
    expect((await curl('INBOX?BODY%20two')).toString().trim()).toBe('* SEARCH 2')
    expect((await curl('INBOX?KEYWORD%20later')).toString().trim()).toBe('* SEARCH 1')
  })

  it('moves', async () => {
    await curl('INBOX', '-X', 'UID MOVE 1 Archive')
    expect(await witness.table('INBOX')).toEqual([rowOf(2, ['\\Seen'], two), rowOf(3, [], three)])
    expect(await witness.table('Archive')).toEqual([rowOf(1, ['\\Flagged', 'later'], one)])
  })

  it('deletes', async () => {
    await curl('INBOX', '-X', 'UID STORE 3 +FLAGS (\\Deleted)')
    await curl('INBOX', '-X', 'EXPUNGE')
    expect(await witness.table('INBOX')).toEqual([rowOf(2, ['\\Seen'], two)])
  })

  it('uploads', async () => {
    const [four, file] = [letter('four'), join(folder, 'four')]
    writeFileSync(file, four)
    await curl('Drafts', '-T', file)
    expect(await witness.table('Drafts')).toEqual([rowOf(1, ['\\Seen'], four)])
  })

  it('reads over STARTTLS and over IMAPS', async () => {
    const user = ['-sSk', '-u', `${USER}:${PASSWORD}`]
    const path = '/INBOX;UID=2'
    const starttls = await expectProgram('curl', [
      ...user,
      '--ssl-reqd',
      `imap://${server.listeners.imap}${path}`,
    ])
    const implicit = await expectProgram('curl', [...user, `imaps://${server.listeners.imaps}${path}`])
    expect([starttls.equals(two), implicit.equals(two)]).toEqual([true, true])
  })
})
