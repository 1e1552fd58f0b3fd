// What a second connection sees after each step of a client: uids, flags and the SHA-256 of each message.

import type { TestServer } from '../server.js'
import { ImapClient } from '../wire/imap.js'
import { sha256 } from '../wire/sha256.js'

export interface Seen {
  readonly uid: number
  /** Sorted, without \Recent. */
  readonly flags: readonly string[]
  readonly sha256: string
  readonly octets: Buffer
}

export const USER = 'reader'
export const PASSWORD = 'secret-word'
export const ADDRESS = 'reader@example.com'

export class Witness {
  readonly #client: ImapClient

  private constructor(client: ImapClient) {
    this.#client = client
  }

  static async login(server: TestServer, user = USER, password = PASSWORD): Promise<Witness> {
    return new Witness(await ImapClient.login(server.listeners.imap, user, password))
  }

  /** Without changing anything: EXAMINE and BODY.PEEK. */
  async look(mailbox: string): Promise<Seen[]> {
    await this.#client.expectOk('EXAMINE ', Buffer.from(mailbox))
    const messages = await this.#client.fetch('UID FETCH 1:* (FLAGS BODY.PEEK[])')
    return messages.map(({ items }) => {
      const octets = items.get('BODY[]')
      const flags = items.get('FLAGS')
      if (!Buffer.isBuffer(octets) || !Array.isArray(flags)) throw new Error(`incomplete FETCH of ${mailbox}`)
      return {
        uid: Number(items.get('UID')),
        flags: flags
          .map(String)
          .filter((flag) => flag !== '\\Recent')
          .sort(),
        sha256: sha256(octets),
        octets,
      }
    })
  }

  /** Uids, flags and hashes alone, as a table that a test can compare. */
  async table(mailbox: string): Promise<string[]> {
    return (await this.look(mailbox)).map(({ uid, flags, sha256: hash }) => row(uid, flags, hash))
  }

  async mailboxes(): Promise<string[]> {
    const { untagged } = await this.#client.expectOk('LIST "" *')
    return untagged.filter(({ values }) => values[0] === 'LIST').map(({ values }) => String(values[3]))
  }

  /** Messages that are there before the client comes; UIDs from 1 in a new mailbox. */
  async seed(mailbox: string, messages: readonly Buffer[]): Promise<void> {
    for (const message of messages) await this.#client.expectOk('APPEND ', Buffer.from(mailbox), ' ', message)
  }

  async create(mailbox: string): Promise<void> {
    await this.#client.expectOk('CREATE ', Buffer.from(mailbox))
  }

  async logout(): Promise<void> {
    await this.#client.logout()
  }
}

export function row(uid: number, flags: readonly string[], hash: string): string {
  return `${uid} (${[...flags].sort().join(' ')}) ${hash}`
}

/** The row of a message that was sent as it is. */
export function rowOf(uid: number, flags: readonly string[], message: Uint8Array): string {
  return row(uid, flags, sha256(message))
}

/** A small message; `word` stands in its subject and in its body. */
export function letter(word: string): Buffer {
  const lines = [
    'From: Anna <anna@example.org>',
    'To: reader@example.com',
    `Subject: about ${word}`,
    'Date: Sun, 22 Nov 2026 10:00:00 +0000',
    `Message-ID: <${word}@example.org>`,
    'MIME-Version: 1.0',
    'Content-Type: text/plain; charset=utf-8',
    'Content-Transfer-Encoding: 8bit',
    '',
    `This is about ${word}, žņōž, with a line that is`,
    '.',
    '',
  ]
  return Buffer.from(lines.join('\r\n'))
}
