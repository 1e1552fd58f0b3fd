// What was acknowledged while the disk failed: all of it is there, nothing else is, and each octet is right.

import { randomBytes } from 'node:crypto'
import type { TestServer } from '../server.js'
import { ImapClient } from '../wire/imap.js'
import { sha256 } from '../wire/sha256.js'
import { type Reply, SmtpClient } from '../wire/smtp.js'

export const USER = 'disk'
export const PASSWORD = 'secret word'
export const ADDRESS = 'disk@example.com'

/** More than a page or a small hole in a file takes. */
const BODY = `${'all work and no play '.repeat(5)}\r\n`.repeat(600)
const ATTACHMENT = 150_000
/** So many messages must not fit any more. */
const AT_MOST = 500

export class Ledger {
  #server: TestServer
  /** Hashes of what was sent and acknowledged, by mailbox. */
  readonly #acknowledged = new Map<string, string[]>()
  #next = 1

  constructor(server: TestServer) {
    this.#server = server
  }

  /** The server was started again: from now on this one is asked. */
  goOnWith(server: TestServer): void {
    this.#server = server
  }

  /** One APPEND; the completion's first words, such as `OK` or `NO [UNAVAILABLE]`. */
  async append(client: ImapClient, mailbox: string): Promise<string> {
    const message = this.#message()
    const { status, code = '' } = await client.command(`APPEND ${mailbox} `, message)
    if (status === 'OK') this.#note(mailbox, message)
    return status === 'OK' ? 'OK' : `${status} [${code}]`
  }

  async deliver(protocol: 'smtp' | 'lmtp'): Promise<Reply> {
    const message = this.#message()
    const client = await SmtpClient.connect(this.#server.listeners[protocol], protocol)
    const [reply] = await client.deliver({ to: [ADDRESS], message })
    await client.quit()
    if (reply === undefined) throw new Error('no reply')
    if (reply.code === 250) this.#note('INBOX', message)
    return reply
  }

  /** What is wrong with the mailbox as it stands; empty where all is well. */
  async problems(mailbox: string): Promise<string[]> {
    const expected = new Set(this.#acknowledged.get(mailbox))
    const client = await ImapClient.login(this.#server.listeners.imap, USER, PASSWORD)
    await client.expectOk(`EXAMINE ${mailbox}`)
    const messages = await client.fetch('UID FETCH 1:* (BODY.PEEK[])')
    await client.logout()
    const unknown = messages.filter(({ items }) => !expected.delete(hashOf(items.get('BODY[]'))))
    const extra = unknown.map(({ items }) => `UID ${items.get('UID')} was never acknowledged`)
    return [...extra, ...[...expected].map((hash) => `${hash} was acknowledged and is gone`)]
  }

  /** By turns plain and with an attachment that is stored apart and shared with no other message. */
  #message(): Buffer {
    const number = this.#next++
    if (number % 2 === 1) return Buffer.from(`Subject: ${number}\r\nX-Begin: here\r\n\r\n${BODY}`)
    const octets = randomBytes(ATTACHMENT)
      .toString('base64')
      .replace(/.{1,76}/g, '$&\r\n')
    return Buffer.from(
      `Subject: ${number}\r\nContent-Type: image/png\r\nContent-Transfer-Encoding: base64\r\n\r\n${octets}`,
    )
  }

  #note(mailbox: string, message: Buffer): void {
    this.#acknowledged.set(mailbox, [...(this.#acknowledged.get(mailbox) ?? []), sha256(message)])
  }
}

/** Without the trace lines that delivery added. */
function hashOf(octets: unknown): string {
  if (!Buffer.isBuffer(octets)) return 'no octets'
  return sha256(octets.subarray(Math.max(0, octets.indexOf('Subject: '))))
}

/** Asks again and again until the answer is another than `done`. */
export async function untilRefused<T>(ask: () => Promise<T>, done: (answer: T) => boolean): Promise<T> {
  for (let times = 0; times < AT_MOST; times++) {
    const answer = await ask()
    if (!done(answer)) return answer
  }
  throw new Error(`${AT_MOST} times there was still room`)
}
