// UIDs never repeat and never go back (RFC 3501 §2.3.1.1): remembers every UID that was ever told, of every mailbox.

interface Mailbox {
  readonly uidValidity: number
  readonly tokens: Map<number, string>
  /** No UID given from now on is below this: UIDNEXT when it was last read. */
  floor: number
}

export class UidLedger {
  readonly #mailboxes = new Map<string, Mailbox>()
  readonly problems: string[] = []

  /** A message was told to have this UID, by an answer or by a listing. */
  told(mailbox: string, uid: number, token: string): void {
    const known = this.#mailboxes.get(mailbox)
    if (known === undefined) return
    const before = known.tokens.get(uid)
    if (before === undefined && uid < known.floor) {
      this.problems.push(`UID ${uid} of ${mailbox} is new and below UIDNEXT ${known.floor}`)
    }
    if (before !== undefined && before !== token) {
      this.problems.push(`UID ${uid} of ${mailbox} was ${before} and is ${token}`)
    }
    known.tokens.set(uid, token)
  }

  /** The mailbox was opened: UIDVALIDITY and UIDNEXT as they stand after everything was listed. */
  opened(mailbox: string, uidValidity: number, uidNext: number): void {
    const known = this.#mailboxes.get(mailbox)
    if (known === undefined) {
      this.#mailboxes.set(mailbox, { uidValidity, tokens: new Map(), floor: 1 })
      return
    }
    if (known.uidValidity !== uidValidity) {
      this.problems.push(`UIDVALIDITY of ${mailbox} was ${known.uidValidity} and is ${uidValidity}`)
    }
    const highest = Math.max(known.floor - 1, ...known.tokens.keys())
    if (uidNext <= highest) {
      this.problems.push(`UIDNEXT of ${mailbox} is ${uidNext}, and UID ${highest} was told`)
    }
  }

  /** Everything below is now listed or gone for ever. */
  settled(mailbox: string, uidNext: number): void {
    const known = this.#mailboxes.get(mailbox)
    if (known !== undefined) known.floor = Math.max(known.floor, uidNext)
  }
}
