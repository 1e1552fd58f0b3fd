// One of many writers of the same three mailboxes: random changes through the use cases that the protocols call, and a
// session's view of one of the mailboxes, read again after each change.

import { appendMessages } from '../../src/mail/append.js'
import { changeFlags } from '../../src/mail/change-flags.js'
import { copyMessages, moveMessages } from '../../src/mail/copy.js'
import { deliverAll, findRecipients } from '../../src/mail/deliver.js'
import { expungeMessages } from '../../src/mail/expunge.js'
import { ingest } from '../../src/mail/intake.js'
import type { Services } from '../../src/mail/services.js'
import type { AccountId, MailboxId } from '../../src/model/ids.js'
import type { Random } from '../wire/random.js'
import { SessionView, type Snapshot } from './session-view.js'

export interface WriterWork {
  readonly account: AccountId
  readonly address: string
  readonly mailboxes: readonly MailboxId[]
}

/** Above this many messages in its mailbox a writer removes more than it makes. */
const PLENTY = 150
const FLAGS = ['\\Seen', '\\Flagged', '\\Answered', '$Later', 'project-x']
/** One in so many messages bears an attachment, which is shared by all that bear it. */
const ATTACHED = 20
/** One in so many reads is remembered, to be asked for again at the end. */
const REMEMBERED = 8
const ATTACHMENT = Buffer.alloc(48 * 1024, 'one of the bodies that is kept once; ').toString('base64')

const KINDS = ['append', 'deliver', 'copy', 'move', 'flag', 'expunge'] as const
export type Kind = (typeof KINDS)[number]

export class Writer {
  /** Every UID that it was told was allocated, by mailbox. */
  readonly allocated: (readonly [MailboxId, number])[] = []
  readonly observed: Snapshot[] = []
  readonly done: Record<Kind, number> = { append: 0, deliver: 0, copy: 0, move: 0, flag: 0, expunge: 0 }
  slowestMs = 0
  readonly #services: Services
  readonly #work: WriterWork
  readonly #random: Random
  readonly #views: readonly SessionView[]
  #serial = 0

  constructor(services: Services, work: WriterWork, random: Random) {
    this.#services = services
    this.#work = work
    this.#random = random
    this.#views = work.mailboxes.map((mailbox) => new SessionView(services, work.account, mailbox))
  }

  async run(until: number): Promise<void> {
    // Each kind at least once, however slow the machine is.
    for (let n = 0; n < KINDS.length || Date.now() < until; n++) {
      const view = this.#random.pick(this.#views)
      await view.refresh()
      const kind = KINDS[n] ?? this.#choose(view)
      const began = performance.now()
      await this.#change(kind, view)
      this.slowestMs = Math.max(this.slowestMs, performance.now() - began)
      this.done[kind]++
      await view.refresh()
      if (this.#random.between(1, REMEMBERED) === 1) this.observed.push(view.snapshot())
    }
  }

  #choose(view: SessionView): Kind {
    if (view.uids.length === 0) return 'append'
    const kind = this.#random.pick(KINDS)
    const makes = kind === 'append' || kind === 'deliver' || kind === 'copy'
    return makes && view.uids.length > PLENTY ? 'expunge' : kind
  }

  async #change(kind: Kind, view: SessionView): Promise<void> {
    const { account } = this.#work
    const uids = Uint32Array.from(this.#random.some(view.uids.slice(-200), this.#random.between(1, 6)))
    const to = this.#random.pick(this.#work.mailboxes)
    if (kind === 'append') await this.#append(view.mailbox)
    else if (kind === 'deliver') await this.#deliver()
    else if (kind === 'copy')
      this.#keep(to, (await copyMessages(this.#services, account, view.mailbox, uids, to)).to)
    else if (kind === 'move') {
      for await (const slice of moveMessages(this.#services, account, view.mailbox, uids, to))
        this.#keep(to, slice.to)
    } else if (kind === 'flag') await this.#flag(view.mailbox, uids, [this.#random.pick(FLAGS)])
    else {
      await this.#flag(view.mailbox, uids, ['\\Deleted'])
      for await (const _ of expungeMessages(this.#services, account, view.mailbox));
    }
  }

  #keep(mailbox: MailboxId, uids: Iterable<number>): void {
    for (const uid of uids) this.allocated.push([mailbox, uid])
  }

  async #append(mailbox: MailboxId): Promise<void> {
    const messages = []
    for (let count = this.#random.between(1, 2); count > 0; count--) {
      const ingested = await ingest(this.#services, this.#message())
      messages.push({ ingested, flags: [], internalDate: { at: 1_700_000_000_000, zone: 60 } })
    }
    const appended = await appendMessages(this.#services, this.#work.account, mailbox, messages)
    this.#keep(
      mailbox,
      appended.map(({ uid }) => uid),
    )
  }

  async #deliver(): Promise<void> {
    const [recipient] = await findRecipients(this.#services, this.#work.address)
    if (recipient === undefined) throw new Error(`nobody has ${this.#work.address}`)
    const trace = Buffer.from(`Delivered-To: ${this.#work.address}\r\n`)
    const ingested = await ingest(this.#services, this.#message())
    const appended = await deliverAll(this.#services, ingested, [{ recipient, trace }])
    this.#keep(
      this.#work.mailboxes[0] as MailboxId,
      appended.map(({ uid }) => uid),
    )
  }

  async #flag(mailbox: MailboxId, uids: Uint32Array, flags: string[]): Promise<void> {
    const mode = flags[0] === '\\Deleted' || this.#random.chance(0.7) ? 'add' : 'remove'
    const change = { mode, flags } as const
    for await (const _ of changeFlags(this.#services, this.#work.account, mailbox, uids, change));
  }

  #message(): Buffer {
    const head = `From: <w@example.org>\r\nSubject: ${process.pid}.${this.#serial++}\r\n`
    if (this.#random.between(1, ATTACHED) > 1) return Buffer.from(`${head}\r\nhello\r\n`)
    const type =
      'MIME-Version: 1.0\r\nContent-Type: application/octet-stream\r\nContent-Transfer-Encoding: base64\r\n'
    const body = ATTACHMENT.replaceAll(/.{76}/g, '$&\r\n')
    return Buffer.from(`${head}${type}\r\n${body}\r\n`)
  }
}
