// Dovecot as the peer of the differential test (Debian's dovecot-imapd): its imap program speaks on the standard
// streams, already authenticated, so that no port, no daemon and no password are needed. It refuses to run as root.

import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { chownSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ImapClient } from '../wire/imap.js'

const PROGRAM = '/usr/lib/dovecot/imap'
const UNPRIVILEGED = 'mail'

export const hasDovecot = existsSync(PROGRAM)

export interface Dovecot {
  readonly client: ImapClient
  stop(): Promise<void>
}

export async function startDovecot(): Promise<Dovecot> {
  const folder = mkdtempSync(join(tmpdir(), 'eider-dovecot-'))
  const owner = unprivileged()
  mkdirSync(join(folder, 'mail'))
  const settings = join(folder, 'dovecot.conf')
  writeFileSync(settings, configuration(folder))
  for (const path of [folder, join(folder, 'mail')]) chownSync(path, owner.uid, owner.gid)
  const child = spawn(PROGRAM, ['-c', settings], {
    env: { USER: 'peer', HOME: folder, PATH: process.env['PATH'] },
    stdio: ['pipe', 'pipe', 'ignore'],
    ...(process.getuid?.() === 0 ? owner : {}),
  })
  const client = await ImapClient.over(child.stdout, child.stdin)
  const stop = async () => {
    await client.logout()
    await ended(child)
    rmSync(folder, { recursive: true, force: true })
  }
  return { client, stop }
}

function configuration(folder: string): string {
  return `mail_location = sdbox:${folder}/mail
base_dir = ${folder}/run
log_path = /dev/stderr
ssl = no
first_valid_uid = 0
first_valid_gid = 0
namespace inbox {
  inbox = yes
  separator = /
}
`
}

function unprivileged(): { uid: number; gid: number } {
  const number = (option: string, user: string[]) =>
    Number(execFileSync('id', [option, ...user], { encoding: 'utf8' }))
  const user = process.getuid?.() === 0 ? [UNPRIVILEGED] : []
  return { uid: number('-u', user), gid: number('-g', user) }
}

function ended(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) resolve()
    else child.once('exit', () => resolve())
  })
}
