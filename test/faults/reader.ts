// A session that reads an INBOX all the time, wherever it can: what it was shown under a UID is that message for ever, in
// this session, in the next, and in the end (RFC 3501 §2.3.1.1).

import { setTimeout as sleep } from 'node:timers/promises'
import type { Found } from '../crash/model.js'
import { isLost, isPutOff, type Shared } from '../crash/worker.js'
import { type Account, keyOf } from '../crash/world.js'
import { ImapClient } from '../wire/imap.js'
import { sha256 } from '../wire/sha256.js'

const PAUSE_MS = 50
/** Of what was read already, so many are read again each time. */
const AGAIN = 20

interface Seen {
  readonly hash: string
  readonly token: string
}

export class Reader {
  readonly #shared: Shared
  readonly #account: Account
  readonly #seen = new Map<number, Seen>()
  readonly #problems: string[] = []
  /** Reads that were answered. */
  #rounds = 0

  constructor(shared: Shared, account: Account) {
    this.#shared = shared
    this.#account = account
  }

  get messages(): number {
    return this.#seen.size
  }

  async run(address: (turn: number) => string | undefined, signal: AbortSignal): Promise<void> {
    for (let turn = 0; !signal.aborted; turn++) {
      let client: ImapClient | undefined
      try {
        client = await ImapClient.login(address(turn), this.#account.username, this.#account.password)
        await client.expectOk('EXAMINE INBOX')
        // Where it is put off it stays; a connection of its own is tried now and then.
        for (let round = 0; round < 100 && !signal.aborted; round++) await this.#read(client)
      } catch (error) {
        if (!isLost(error) && !isPutOff(error)) throw error
      } finally {
        client?.close()
      }
      await sleep(PAUSE_MS)
    }
  }

  /** What is wrong with the end, beside all that was ever seen. */
  compare(found: readonly Found[]): string[] {
    const mailbox = keyOf(this.#account, 'INBOX')
    const there = new Map(found.filter((one) => one.mailbox === mailbox).map((one) => [one.uid, one.token]))
    const tokens = new Set(there.values())
    if (this.#rounds === 0) this.#problems.push(`nobody could read ${mailbox}: this has shown nothing of it`)
    for (const [uid, { token }] of this.#seen) {
      const now = there.get(uid)
      if (now !== undefined && now !== token)
        this.#problems.push(`UID ${uid} of ${mailbox} was shown as ${token} and is ${now}`)
      // Nobody moves or removes what was delivered: it was rolled back after it was shown.
      if (now === undefined && this.#shared.messages.isDelivered(token))
        this.#problems.push(
          `UID ${uid} of ${mailbox} was shown as ${token} and is gone${tokens.has(token) ? ', to another UID' : ''}`,
        )
    }
    return this.#problems
  }

  async #read(client: ImapClient): Promise<void> {
    await sleep(PAUSE_MS)
    try {
      await client.expectOk('NOOP')
      const known = [...this.#seen.keys()].sort((a, b) => a - b)
      const from = known[Math.floor(this.#shared.random.next() * known.length)] ?? 1
      const again = known.filter((uid) => uid >= from).slice(0, AGAIN)
      for (const set of [`${(known.at(-1) ?? 0) + 1}:*`, again.join(',')]) {
        if (set === '') continue
        for (const { items } of await client.fetch(`UID FETCH ${set} (UID BODY.PEEK[])`))
          this.#note(Number(items.get('UID')), items.get('BODY[]'))
      }
      this.#rounds++
    } catch (error) {
      if (!isPutOff(error)) throw error
    }
  }

  #note(uid: number, octets: unknown): void {
    // Updates of flags alone.
    if (Number.isNaN(uid) || !Buffer.isBuffer(octets)) return
    const mailbox = keyOf(this.#account, 'INBOX')
    const { token, problem } = this.#shared.messages.recognize(octets)
    if (problem !== undefined) this.#problems.push(`UID ${uid} of ${mailbox}: ${problem}`)
    const hash = sha256(octets)
    const before = this.#seen.get(uid)
    if (before !== undefined && before.hash !== hash)
      this.#problems.push(`UID ${uid} of ${mailbox} was shown as ${before.token} and then as ${token}`)
    this.#seen.set(uid, { hash, token })
    this.#shared.ledger.told(mailbox, uid, token)
  }
}
