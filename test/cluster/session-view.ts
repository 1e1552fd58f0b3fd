// What one session knows of a mailbox, brought up to date as IMAP sessions are (src/mail/changes.ts), with everything
// that a client may rely on looked at each time: RFC 3501 §2.3.1.1, RFC 7162 §3.1.

import { readChanges } from '../../src/mail/changes.js'
import type { Services } from '../../src/mail/services.js'
import { FLAG_WORDS } from '../../src/model/flags.js'
import type { AccountId, MailboxId, ModSeq } from '../../src/model/ids.js'

/** The state at one modseq: each UID with its flags. */
export interface Snapshot {
  readonly mailbox: MailboxId
  readonly token: ModSeq
  readonly flags: ReadonlyMap<number, string>
}

export class SessionView {
  readonly mailbox: MailboxId
  readonly #services: Services
  readonly #account: AccountId
  #token = 0 as ModSeq
  #uidNext = 1
  #highest = 0
  #flags = new Map<number, string>()

  constructor(services: Services, account: AccountId, from: MailboxId | Snapshot) {
    this.#services = services
    this.#account = account
    this.mailbox = typeof from === 'number' ? from : from.mailbox
    if (typeof from === 'number') return
    this.#token = from.token
    this.#flags = new Map(from.flags)
    this.#highest = Math.max(0, ...from.flags.keys())
  }

  get uids(): number[] {
    return [...this.#flags.keys()]
  }

  snapshot(): Snapshot {
    return { mailbox: this.mailbox, token: this.#token, flags: new Map(this.#flags) }
  }

  /** Throws where the store tells what no session may hear. */
  async refresh(): Promise<void> {
    const since = this.#token
    const changes = await readChanges(this.#services, this.#account, this.mailbox, since)
    const where = `mailbox ${this.mailbox} since ${since}`
    if (changes.startOver) throw new Error(`${where}: told to start over`)
    if (changes.token < since) throw new Error(`${where}: back to modseq ${changes.token}`)
    if (changes.uidNext < this.#uidNext) throw new Error(`${where}: back to uidNext ${changes.uidNext}`)
    this.#token = changes.token
    this.#uidNext = changes.uidNext
    let before = 0
    changes.entries.uids.forEach((uid, at) => {
      if (uid <= before) throw new Error(`${where}: UID ${uid} behind ${before}`)
      before = uid
      if (!this.#flags.has(uid) && uid <= this.#highest)
        throw new Error(`${where}: UID ${uid} appears after ${this.#highest} was seen`)
      this.#flags.set(uid, changes.entries.flags.subarray(at * FLAG_WORDS, (at + 1) * FLAG_WORDS).join())
    })
    this.#highest = Math.max(this.#highest, before)
    for (const uid of changes.expunged) this.#flags.delete(uid)
  }
}
