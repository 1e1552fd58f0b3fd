// mbsync (isync) mirrors an account to Maildirs and back: two machines with Maildirs of their own end up alike.

import { mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startServer, type TestServer } from '../server.js'
import { hasProgram, required } from '../wire/required.js'
import { sha256 } from '../wire/sha256.js'
import { expectProgram } from './run-program.js'
import { ADDRESS, letter, PASSWORD, rowOf, USER, Witness } from './witness.js'

const present = hasProgram('mbsync')
const NESTED = 'Projects/Eider'
const [one, two, three, archived, nested] = ['one', 'two', 'three', 'archived', 'nested'].map(letter) as [
  Buffer,
  Buffer,
  Buffer,
  Buffer,
  Buffer,
]

/** One machine: its configuration and its Maildirs. */
class Machine {
  readonly #folder: string

  constructor(folder: string, port: number) {
    this.#folder = folder
    mkdirSync(join(folder, 'mail'), { recursive: true })
    writeFileSync(join(folder, 'mbsyncrc'), configuration(folder, port))
  }

  async sync(): Promise<void> {
    await expectProgram('mbsync', ['-c', join(this.#folder, 'mbsyncrc'), '-a'], {
      env: { HOME: this.#folder },
    })
  }

  /** Each message's Maildir flags (RFC-less, by cr.yp.to: S seen, F flagged, …) and hash, as a sorted table. */
  table(mailbox: string): string[] {
    return this.#files(mailbox)
      .map((path) => `(${flagsOf(path)}) ${sha256(messageIn(readFileSync(path)))}`)
      .sort()
  }

  flag(mailbox: string, word: string, flags: string): void {
    const path = this.#files(mailbox).find((file) => readFileSync(file).includes(`about ${word},`))
    if (path === undefined) throw new Error(`no message about ${word} in ${mailbox}`)
    const name = path.slice(path.lastIndexOf('/') + 1).replace(/:2,.*/, '')
    renameSync(path, join(this.#maildir(mailbox), 'cur', `${name}:2,${flags}`))
  }

  add(mailbox: string, message: Buffer): void {
    const text = message.toString('latin1').replaceAll('\r\n', '\n')
    writeFileSync(join(this.#maildir(mailbox), 'cur', `1.made.here:2,F`), text, 'latin1')
  }

  #maildir(mailbox: string): string {
    return join(this.#folder, 'mail', mailbox)
  }

  #files(mailbox: string): string[] {
    return ['cur', 'new'].flatMap((name) => {
      const folder = join(this.#maildir(mailbox), name)
      return readdirSync(folder).map((file) => join(folder, file))
    })
  }
}

function flagsOf(path: string): string {
  return /:2,(\w*)$/.exec(path)?.[1] ?? ''
}

/** A Maildir's lines end in LF, and mbsync adds a header of its own to what it copies. */
function messageIn(octets: Buffer): Buffer {
  const text = octets.toString('latin1').replace(/^X-TUID: .*\r?\n/m, '')
  return Buffer.from(text.replace(/\r?\n/g, '\r\n'), 'latin1')
}

function configuration(folder: string, port: number): string {
  return `IMAPStore eider
Host 127.0.0.1
Port ${port}
User ${USER}
Pass ${PASSWORD}
SSLType None
AuthMechs LOGIN

MaildirStore here
SubFolders Verbatim
Path ${folder}/mail/
Inbox ${folder}/mail/INBOX

Channel all
Far :eider:
Near :here:
Patterns *
Create Both
Remove Both
Expunge Both
SyncState *
`
}

const row = (flags: string, message: Buffer) => `(${flags}) ${sha256(message)}`

describe.skipIf(!present)(`mbsync${required(present, 'mbsync')}`, () => {
  let server: TestServer
  let witness: Witness
  let folder: string
  let home: Machine
  let office: Machine

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'eider-mbsync-'))
    server = await startServer()
    await server.createUser(USER, PASSWORD, ADDRESS)
    witness = await Witness.login(server)
    await witness.create(NESTED)
    await witness.seed('INBOX', [one, two, three])
    await witness.seed('Archive', [archived])
    await witness.seed(NESTED, [nested])
    home = new Machine(join(folder, 'home'), server.port('imap'))
    office = new Machine(join(folder, 'office'), server.port('imap'))
  })
  afterAll(async () => {
    await witness?.logout()
    await server?.stop()
    rmSync(folder, { recursive: true, force: true })
  })

  it('mirrors every mailbox, octet for octet', async () => {
    await home.sync()
    expect(home.table('INBOX')).toEqual([row('', one), row('', two), row('', three)].sort())
    expect(home.table('Archive')).toEqual([row('', archived)])
    expect(home.table(NESTED)).toEqual([row('', nested)])
    expect(await witness.table('INBOX')).toEqual([rowOf(1, [], one), rowOf(2, [], two), rowOf(3, [], three)])
  })

  it('takes flags, deletions and new messages back', async () => {
    home.flag('INBOX', 'one', 'FRS')
    home.flag('INBOX', 'two', 'T')
    home.add(NESTED, letter('homemade'))
    await home.sync()
    expect(await witness.table('INBOX')).toEqual([
      rowOf(1, ['\\Flagged', '\\Answered', '\\Seen'], one),
      rowOf(3, [], three),
    ])
    const [first, added, ...more] = await witness.look(NESTED)
    expect(more).toEqual([])
    expect([first?.uid, added?.uid, added?.flags]).toEqual([1, 2, ['\\Flagged']])
    expect(sha256(messageIn(added?.octets ?? Buffer.alloc(0)))).toBe(sha256(letter('homemade')))
  })

  it('brings another machine to the same', async () => {
    await office.sync()
    for (const mailbox of ['INBOX', 'Archive', NESTED])
      expect(office.table(mailbox)).toEqual(home.table(mailbox))
  })

  it('carries changes from one machine to the other', async () => {
    office.flag('INBOX', 'three', 'ST')
    office.flag('Archive', 'archived', 'S')
    await office.sync()
    await home.sync()
    expect(home.table('INBOX')).toEqual([row('FRS', one)])
    expect(home.table('Archive')).toEqual([row('S', archived)])
    expect(await witness.table('INBOX')).toEqual([rowOf(1, ['\\Flagged', '\\Answered', '\\Seen'], one)])
    expect(await witness.table('Archive')).toEqual([rowOf(1, ['\\Seen'], archived)])
  })

  it('finds nothing to do when nothing changed', async () => {
    const before = await witness.table('INBOX')
    await home.sync()
    await office.sync()
    expect(await witness.table('INBOX')).toEqual(before)
    expect(office.table('INBOX')).toEqual(home.table('INBOX'))
  })
})
