// What one session was told, replayed: the picture that a client has of its mailbox (RFC 3501 §7.3, §7.4). It complains as
// soon as it is told what cannot be.

import { createHash } from 'node:crypto'

/** What all sessions of one mailbox must agree on. */
export class Agreement {
  readonly #hashes = new Map<number, string>()
  readonly #recentOf = new Map<number, number>()

  /** The content of a UID never changes (RFC 3501 §2.3.1.1). */
  content(uid: number, octets: Buffer): void {
    const hash = createHash('sha256').update(octets).digest('hex')
    const before = this.#hashes.get(uid)
    if (before !== undefined && before !== hash) throw new Error(`UID ${uid} was another message before`)
    this.#hashes.set(uid, hash)
  }

  /** A message is \Recent in one session alone (RFC 3501 §2.3.2). */
  recent(uid: number, session: number): void {
    const before = this.#recentOf.get(uid)
    if (before !== undefined && before !== session) {
      throw new Error(`UID ${uid} is \\Recent in sessions ${before} and ${session}`)
    }
    this.#recentOf.set(uid, session)
  }
}

interface Known {
  uid: number | undefined
  /** Sorted, without \Recent; undefined where the client cannot know them. */
  flags: string[] | undefined
}

const FLAGS = /FLAGS \(([^)]*)\)/

export class Replay {
  readonly messages: Known[] = []
  readonly #session: number
  readonly #agreement: Agreement

  constructor(session: number, agreement: Agreement) {
    this.#session = session
    this.#agreement = agreement
  }

  /** The mailbox is selected anew. */
  clear(): void {
    this.messages.length = 0
  }

  /** Takes one untagged response. `mayExpunge`: whether numbers may move during this command (RFC 3501 §7.4.1). */
  take(response: string, mayExpunge: boolean): void {
    const [, number = '', kind = ''] = /^\* (\d+) ([A-Z]+)/.exec(response) ?? []
    if (kind === 'EXISTS') this.#exists(Number(number))
    else if (kind === 'EXPUNGE') this.#expunge(Number(number), mayExpunge)
    else if (kind === 'FETCH') this.#fetch(Number(number), response)
    else if (response.startsWith('* SEARCH')) this.#search(response)
  }

  #exists(count: number): void {
    if (count < this.messages.length) throw new Error(`EXISTS ${count}, there were ${this.messages.length}`)
    while (this.messages.length < count) this.messages.push({ uid: undefined, flags: undefined })
  }

  #expunge(seq: number, mayExpunge: boolean): void {
    if (!mayExpunge) throw new Error('EXPUNGE while message numbers are in use')
    if (seq < 1 || seq > this.messages.length) throw new Error(`EXPUNGE ${seq} of ${this.messages.length}`)
    this.messages.splice(seq - 1, 1)
  }

  #fetch(seq: number, response: string): void {
    const known = this.messages[seq - 1]
    if (known === undefined) throw new Error(`FETCH ${seq} of ${this.messages.length}`)
    const uid = /\bUID (\d+)/.exec(response)?.[1]
    if (uid !== undefined) this.#learnUid(known, Number(uid), seq)
    const flags = FLAGS.exec(response)?.[1]
    if (flags !== undefined)
      this.#learnFlags(
        known,
        flags.split(' ').filter((flag) => flag !== ''),
      )
    const body = /BODY\[\] \{(\d+)\}\r\n/.exec(response)
    if (body !== null && known.uid !== undefined) {
      const start = body.index + body[0].length
      this.#agreement.content(
        known.uid,
        Buffer.from(response.slice(start, start + Number(body[1])), 'latin1'),
      )
    }
  }

  #learnUid(known: Known, uid: number, seq: number): void {
    if (known.uid !== undefined && known.uid !== uid)
      throw new Error(`message ${seq} was UID ${known.uid}, is ${uid}`)
    known.uid = uid
    const uids = this.messages.map((message) => message.uid).filter((number) => number !== undefined)
    if (uids.some((number, at) => at > 0 && number <= (uids[at - 1] ?? 0)))
      throw new Error(`UIDs out of order: ${uids}`)
  }

  #learnFlags(known: Known, flags: string[]): void {
    known.flags = flags.filter((flag) => flag !== '\\Recent').sort()
    if (flags.includes('\\Recent') && known.uid !== undefined)
      this.#agreement.recent(known.uid, this.#session)
  }

  #search(response: string): void {
    const numbers = response.split(' ').slice(2).map(Number)
    // By UID or by number: neither may be nonsense.
    if (numbers.some((number) => !(number > 0))) throw new Error(response)
  }

  /** What a client may conclude from STORE …SILENT without being told. */
  storedSilently(from: number, to: number, mode: string, flags: readonly string[]): void {
    for (const known of this.messages.slice(from - 1, to)) {
      if (mode === '') known.flags = [...flags].sort()
      else if (known.flags !== undefined) {
        const others = known.flags.filter((flag) => !flags.includes(flag))
        known.flags = (mode === '+' ? [...others, ...flags] : others).sort()
      }
    }
  }

  /** The command was refused: what it did is not known. */
  forgetFlags(from: number, to: number): void {
    for (const known of this.messages.slice(from - 1, to)) known.flags = undefined
  }
}
