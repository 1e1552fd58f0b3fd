// neomutt, driven by keys that its configuration pushes, on a terminal that `script` makes.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startServer, type TestServer } from '../server.js'
import { hasProgram, required } from '../wire/required.js'
import { runProgram } from './run-program.js'
import { ADDRESS, letter, PASSWORD, rowOf, USER, Witness } from './witness.js'

const present = hasProgram('neomutt') && hasProgram('script')
const [one, two, three, four] = [letter('one'), letter('two'), letter('three'), letter('four')]

describe.skipIf(!present)(`neomutt${required(present, 'neomutt or script')}`, () => {
  let server: TestServer
  let witness: Witness
  let folder: string

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'eider-neomutt-'))
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

  /** Opens INBOX, presses the keys, and leaves with what was changed written back. Returns what the screen showed. */
  async function press(keys: string, ...settings: string[]): Promise<string> {
    const file = join(folder, 'muttrc')
    writeFileSync(
      file,
      [...configuration(server.port('imap')), ...settings, `push "${keys}<quit>"`, ''].join('\n'),
    )
    const command = `neomutt -n -F ${file}`
    const { status, output } = await runProgram('script', ['-qec', command, '/dev/null'], {
      env: { TERM: 'xterm', HOME: folder, LINES: '40', COLUMNS: '120' },
    })
    expect({ status, screen: output.toString('latin1').slice(-2_000) }).toMatchObject({ status: 0 })
    return output.toString('utf8')
  }

  it('lists mailboxes, and opens one from the list', async () => {
    await witness.seed('Archive', [four])
    const screen = await press(
      '<change-folder>?<toggle-mailboxes><search>Archive<enter><select-entry><flag-message><sync-mailbox>',
    )
    for (const name of ['INBOX', 'Sent Mail', 'Archive', 'Trash']) expect(screen).toContain(name)
    expect(await witness.table('Archive')).toEqual([rowOf(1, ['\\Flagged'], four)])
    expect(await witness.table('INBOX')).toEqual([rowOf(1, [], one), rowOf(2, [], two), rowOf(3, [], three)])
  })

  it('reads a message, and leaves it unseen, for a pipe is no display', async () => {
    const copy = join(folder, 'copy')
    await press(
      `<limit>~s two<enter><pipe-message>cat > ${copy}<enter><limit>all<enter>`,
      'set pipe_decode=no',
    )
    const piped = readFileSync(copy, 'latin1').replaceAll('\n', '\r\n')
    expect(piped).toContain(two.toString('latin1').split('\r\n\r\n')[1])
    expect((await witness.table('INBOX'))[1]).toBe(rowOf(2, [], two))
  })

  it('flags', async () => {
    await press('<tag-pattern>~s one<enter><tag-prefix><flag-message><sync-mailbox>')
    expect((await witness.table('INBOX'))[0]).toBe(rowOf(1, ['\\Flagged'], one))
  })

  it('searches on the server, and deletes what was found', async () => {
    await press('<delete-pattern>=b three,<enter><sync-mailbox>')
    expect(await witness.table('INBOX')).toEqual([rowOf(1, ['\\Flagged'], one), rowOf(2, [], two)])
  })

  it('moves', async () => {
    await press('<tag-pattern>~s one<enter><tag-prefix><save-message>=Archive<enter><sync-mailbox>')
    expect(await witness.table('INBOX')).toEqual([rowOf(2, [], two)])
    expect(await witness.table('Archive')).toEqual([
      rowOf(1, ['\\Flagged'], four),
      rowOf(2, ['\\Flagged'], one),
    ])
  })
})

function configuration(port: number): string[] {
  return [
    `set folder="imap://${USER}@127.0.0.1:${port}/"`,
    `set spoolfile="imap://${USER}@127.0.0.1:${port}/INBOX"`,
    `set imap_pass="${PASSWORD}"`,
    'set ssl_starttls=no ssl_force_tls=no imap_check_subscribed=no imap_list_subscribed=no',
    'set confirmappend=no confirmcreate=no delete=yes quit=yes move=no mark_old=no wait_key=no sleep_time=0',
    'set abort_key="<F12>" auto_tag=no mail_check=600',
  ]
}
