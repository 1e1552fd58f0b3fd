// Python's own libraries: imaplib lists, flags, moves, searches, deletes; smtplib sends with SMTPUTF8 (RFC 6531).

import { join, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startServer, type TestServer } from '../server.js'
import { hasProgram, required } from '../wire/required.js'
import { expectProgram } from './run-program.js'
import { ADDRESS, letter, PASSWORD, rowOf, USER, Witness } from './witness.js'

const present = hasProgram('python3')
const SCRIPTS = resolve(import.meta.dirname, '../../../test/clients')
const [one, two, three] = [letter('one'), letter('two'), letter('three')]

describe.skipIf(!present)(`Python${required(present, 'python3')}`, () => {
  let server: TestServer
  let witness: Witness

  beforeAll(async () => {
    server = await startServer()
    await server.createUser(USER, PASSWORD, ADDRESS)
    witness = await Witness.login(server)
    await witness.seed('INBOX', [one, two, three])
  })
  afterAll(async () => {
    await witness?.logout()
    await server?.stop()
  })

  describe('imaplib', () => {
    const imaplib = async (step: string, input: string | Buffer = '') => {
      const words = [join(SCRIPTS, 'imaplib_steps.py'), String(server.port('imap')), USER, PASSWORD, step]
      return JSON.parse((await expectProgram('python3', words, { input })).toString())
    }

    it('lists mailboxes', async () => {
      const listed = (await imaplib('list')).join('\n')
      for (const name of ['INBOX', '"Sent Mail"', 'Archive']) expect(listed).toContain(name)
    })

    it('reads a message octet for octet', async () => {
      expect(Buffer.from(await imaplib('read'), 'latin1').equals(two)).toBe(true)
    })

    it('flags', async () => {
      await imaplib('flag')
      expect((await witness.table('INBOX'))[0]).toBe(rowOf(1, ['\\Flagged', 'later'], one))
    })

    it('searches', async () => {
      expect(await imaplib('search')).toEqual([['2'], ['1']])
      expect(await imaplib('search-utf8')).toEqual(['1 2 3'])
    })

    it('moves', async () => {
      await imaplib('move')
      expect(await witness.table('INBOX')).toEqual([rowOf(2, [], two), rowOf(3, [], three)])
      expect(await witness.table('Archive')).toEqual([rowOf(1, ['\\Flagged', 'later'], one)])
    })

    it('deletes', async () => {
      expect(await imaplib('delete')).toEqual(['2'])
      expect(await witness.table('INBOX')).toEqual([rowOf(2, [], two)])
    })

    it('appends', async () => {
      await imaplib('append', letter('four'))
      expect(await witness.table('Drafts')).toEqual([rowOf(1, ['\\Draft'], letter('four'))])
    })
  })

  it('smtplib sends to an internationalized address', async () => {
    const recipient = 'андрис@уайлддак.орг'
    await server.createUser('andris', PASSWORD, recipient)
    const message = letter('smtputf8')
    const words = [join(SCRIPTS, 'smtplib_send.py'), String(server.port('smtp')), recipient]
    await expectProgram('python3', words, { input: message })
    // Logs in by the address too, as a literal: LOGIN takes an astring of any octets (RFC 3501 §9).
    const reader = await Witness.login(server, recipient)
    const [seen, ...more] = await reader.look('INBOX')
    await reader.logout()
    expect(more).toEqual([])
    expect({ uid: seen?.uid, flags: seen?.flags }).toEqual({ uid: 1, flags: [] })
    expect(seen?.octets.subarray(-message.length).equals(message)).toBe(true)
    const trace = seen?.octets.subarray(0, -message.length).toString('utf8')
    expect(trace).toContain(`Delivered-To: ${recipient}\r\n`)
    expect(trace).toContain('Return-Path: <отправитель@пример.рф>\r\n')
    expect(trace).toMatch(/with UTF8SMTP/)
  })
})
