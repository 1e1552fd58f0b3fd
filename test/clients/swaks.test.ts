// swaks, the SMTP test client of many mail administrators, delivers over STARTTLS (RFC 3207).

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startServer, type TestServer } from '../server.js'
import { hasProgram, required } from '../wire/required.js'
import { sha256 } from '../wire/sha256.js'
import { expectProgram, runProgram } from './run-program.js'
import { ADDRESS, letter, PASSWORD, USER, Witness } from './witness.js'

const present = hasProgram('swaks')

describe.skipIf(!present)(`swaks${required(present, 'swaks')}`, () => {
  let server: TestServer
  let witness: Witness
  let folder: string

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'eider-swaks-'))
    server = await startServer()
    await server.createUser(USER, PASSWORD, ADDRESS)
    witness = await Witness.login(server)
  })
  afterAll(async () => {
    await witness?.logout()
    await server?.stop()
    rmSync(folder, { recursive: true, force: true })
  })

  const words = (to: string, file: string) => [
    ...['--server', '127.0.0.1', '--port', String(server.port('smtp')), '--tls', '--protocol', 'ESMTP'],
    ...['--from', 'sender@example.org', '--to', to, '--data', `@${file}`],
  ]

  it('delivers over STARTTLS', async () => {
    // A last line of one dot would be the end of DATA to swaks.
    const message = Buffer.concat([letter('swaks'), Buffer.from('the end\r\n')])
    const file = join(folder, 'message')
    writeFileSync(file, message)
    const dialogue = (await expectProgram('swaks', words(ADDRESS, file))).toString()
    expect(dialogue).toMatch(/TLS started with cipher TLSv1\.[23]/)
    const [seen, ...more] = await witness.look('INBOX')
    expect(more).toEqual([])
    expect([seen?.uid, seen?.flags]).toEqual([1, []])
    const received = seen?.octets ?? Buffer.alloc(0)
    const start = received.indexOf('From: Anna')
    // swaks ends what it sends with a line end of its own.
    expect(sha256(received.subarray(start, start + message.length))).toBe(sha256(message))
    expect(received.subarray(start + message.length).toString()).toMatch(/^(\r\n)?$/)
    expect(received.subarray(0, start).toString()).toMatch(
      /^Return-Path: <sender@example\.org>\r\n(.*\r\n)*.*with ESMTPS/,
    )
  })

  it('is told at RCPT that an address is unknown', async () => {
    const file = join(folder, 'message')
    writeFileSync(file, letter('nobody'))
    const { status, output } = await runProgram('swaks', words('nobody@example.com', file))
    expect(status).toBe(24)
    expect(output.toString()).toMatch(/<~\* 550 5\.1\.1/)
    expect(await witness.look('INBOX')).toHaveLength(1)
  })
})
