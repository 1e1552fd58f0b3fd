// The maildrop: mail for the accounts of this server. Who gets it, whether there is room, the trace lines, and the
// delivery: one transaction for SMTP's one answer, each recipient apart for LMTP (RFC 2033 §4.2).

import { type DeliveryTo, deliverAll, deliverEach, findRecipients, type Recipient } from '../mail/deliver.js'
import { isMailError } from '../mail/errors.js'
import { Intake } from '../mail/intake.js'
import { effectiveQuota, hasRoom, roomOf, roomsNow } from '../mail/quota.js'
import type { Services } from '../mail/services.js'
import type { Account, LookUp } from '../mail/types.js'
import type { AccountId } from '../model/ids.js'
import type { ParsedMessage } from '../model/message.js'
import { isStoreError } from '../store/errors.js'
import type { Accepted, Envelope, MailTarget, MessageSink, Refused, Sender } from './envelope.js'
import type { Path } from './grammar.js'
import {
  ABOVE_QUOTA,
  describeError,
  MAILBOX_FULL,
  OK,
  type Reply,
  replyToError,
  TOO_MANY_FOR_SIZE,
  TRY_LATER,
  UNKNOWN_RECIPIENT,
} from './replies.js'
import type { SmtpSettings } from './settings.js'
import { type Arrival, traceLines } from './trace.js'

/** Octets that one transaction keeps at the most, where a message has several recipients: others wait for it. */
const MOST_KEPT = 256 * 2 ** 20

/** What a cut counts for: its JSON, and above all the reference to its blob, a row of its own that takes as long as so many octets. */
const CUT_OCTETS = 4096

/** About what is kept for each recipient, attachments not counted. The tree of parts takes twice its BODYSTRUCTURE. */
function keptOctets({ skeleton, cuts, text, summary }: ParsedMessage): number {
  const { envelope, structure } = summary
  return (
    skeleton.length + CUT_OCTETS * cuts.length + (text?.length ?? 0) + envelope.length + 3 * structure.length
  )
}

/** One accepted RCPT: its address, and the accounts that get mail for it. */
export interface Rcpt extends Accepted {
  readonly recipients: readonly Recipient[]
}

export class Maildrop implements MailTarget<Rcpt> {
  readonly #services: Services
  readonly #settings: SmtpSettings

  constructor(services: Services, settings: SmtpSettings) {
    this.#services = services
    this.#settings = settings
  }

  async recipient(sender: Sender, path: Path): Promise<Rcpt | Refused> {
    // Without SIZE there must be room for something.
    const octets = Math.max(1, sender.declaredSize ?? 0)
    const isFull = ({ account }: Recipient): boolean => !hasRoom(this.#services, account, octets)
    let recipients = await this.#find(path, { remembered: true })
    // Nobody is refused for what is only remembered; the transaction that delivers looks again.
    if (recipients.some(isFull)) recipients = await this.#find(path)
    if (recipients.length === 0) return { refused: UNKNOWN_RECIPIENT }
    const full = recipients.find(isFull)
    if (full !== undefined) return { refused: this.#withoutRoom([full.account], octets) }
    return { address: this.#addressOf(path), recipients }
  }

  open(envelope: Envelope<Rcpt>): MessageSink {
    const intake = new Intake(this.#services)
    const startedAt = performance.now()
    const accounts = envelope.recipients.flatMap(({ recipients }) => recipients.map(({ account }) => account))
    let most = Math.max(...accounts.map((account) => roomOf(this.#services, account)))
    /** Above what the roomiest of them can take: it is read on for its size, which says what to answer. */
    const writeAbove = async (octets: Buffer): Promise<void> => {
      if (!intake.aborted) most = await this.#mostRoom(accounts)
      if (intake.size + octets.length > most) await intake.abort()
      await intake.write(octets)
    }
    return {
      write: (octets) => (intake.size + octets.length > most ? writeAbove(octets) : intake.write(octets)),
      abort: () => intake.abort(),
      deliver: async () => {
        const replies = await this.#deliver(envelope, intake)
        const ms = Math.round((performance.now() - startedAt) * 10) / 10
        this.#note(envelope, replies, { octets: intake.size, ms })
        return replies
      },
    }
  }

  async #find(path: Path, options: LookUp = {}): Promise<readonly Recipient[]> {
    // No mail is taken for an address literal: addresses here have domains.
    if (path.kind === 'literal') return []
    try {
      return await findRecipients(this.#services, this.#addressOf(path), options)
    } catch (error) {
      if (isMailError(error, 'invalid-address')) return []
      throw error
    }
  }

  #addressOf(path: Path): string {
    return path.kind === 'postmaster' ? `postmaster@${this.#settings.hostname}` : path.text
  }

  /** For good where the message would not fit into an empty mailbox either (RFC 3463: X.2.2 as 5 or 4). */
  #withoutRoom(accounts: readonly Account[], octets: number): Reply {
    return accounts.some((account) => octets > effectiveQuota(this.#services, account))
      ? ABOVE_QUOTA
      : MAILBOX_FULL
  }

  async #deliver(envelope: Envelope<Rcpt>, intake: Intake): Promise<Reply[]> {
    const plan = planDeliveries(envelope, this.#arrivalOf(envelope))
    const refused = await this.#refusedWhole(plan, intake)
    if (refused !== undefined) {
      await intake.abort()
      return refused
    }
    const ingested = await intake.finish()
    const { deliveries, places } = plan
    const { size } = intake
    if (this.#settings.protocol === 'smtp') {
      try {
        await deliverAll(this.#services, ingested, deliveries)
        return [OK]
      } catch (error) {
        return [forAll(this.#refusal(error, deliveries, size), deliveries)]
      }
    }
    const outcomes = await deliverEach(this.#services, ingested, deliveries)
    return places.map((own) => {
      const failed = own.find((place) => outcomes[place] instanceof Error)
      if (failed === undefined) return OK
      return this.#refusal(outcomes[failed], deliveries.slice(failed, failed + 1), size)
    })
  }

  /** The replies, where nobody can get it. Only before its bodies are kept can they be dropped: the transaction looks again. */
  async #refusedWhole({ deliveries, places }: Plan, intake: Intake): Promise<Reply[] | undefined> {
    const { size } = intake
    const isSmtp = this.#settings.protocol === 'smtp'
    if (!intake.aborted) {
      const parsed = await intake.end()
      if (isSmtp && deliveries.length > 1 && deliveries.length * keptOctets(parsed) > MOST_KEPT)
        return [TOO_MANY_FOR_SIZE]
      if (parsed.cuts.length === 0 || (await this.#hasTakers(deliveries, size))) return undefined
    }
    if (isSmtp) return [forAll(this.#fullFor(deliveries, size), deliveries)]
    return places.map(([first = 0]) => this.#fullFor(deliveries.slice(first, first + 1), size))
  }

  /** SMTP: each has room for all that it would get; LMTP: somebody has room. */
  async #hasTakers(deliveries: readonly DeliveryTo[], size: number): Promise<boolean> {
    const rooms = await roomsNow(this.#services, deliveries.map(accountOf))
    const left = deliveries.map((delivery) => {
      const account = accountOf(delivery)
      // Of one that is gone the transaction tells.
      const room = (rooms.get(account) ?? Number.POSITIVE_INFINITY) - size - delivery.trace.length
      if (this.#settings.protocol === 'smtp') rooms.set(account, room)
      return room
    })
    return this.#settings.protocol === 'smtp'
      ? left.every((room) => room >= 0)
      : left.some((room) => room >= 0)
  }

  async #mostRoom(accounts: readonly Account[]): Promise<number> {
    const rooms = await roomsNow(
      this.#services,
      accounts.map(({ id }) => id),
    )
    return Math.max(...rooms.values())
  }

  #refusal(error: unknown, deliveries: readonly DeliveryTo[], size: number): Reply {
    if (isStoreError(error, 'quota-exceeded')) return this.#fullFor(deliveries, size)
    if (!isStoreError(error) || error.code === 'corrupt') {
      this.#services.log.error({ err: error }, 'delivery-failed')
    } else this.#services.log.warn(describeError(error), 'delivery-put-off')
    return replyToError(error)
  }

  #fullFor(deliveries: readonly DeliveryTo[], size: number): Reply {
    const needed = Math.max(...deliveries.map(({ trace }) => size + trace.length))
    return this.#withoutRoom(
      deliveries.map(({ recipient }) => recipient.account),
      needed,
    )
  }

  #arrivalOf({ client, sender, recipients, id }: Envelope<Rcpt>): Arrival {
    const at = this.#services.clock()
    return {
      client,
      hostname: this.#settings.hostname,
      protocol: this.#settings.protocol,
      utf8: sender.utf8,
      id,
      at,
      zone: -new Date(at).getTimezoneOffset(),
      reversePath: sender.reversePath,
      onlyRecipient: recipients.length === 1 ? recipients[0]?.address : undefined,
    }
  }

  #note(envelope: Envelope<Rcpt>, replies: readonly Reply[], measured: { octets: number; ms: number }): void {
    const accounts = envelope.recipients.flatMap(({ recipients }) =>
      recipients.map(({ account }) => account.id),
    )
    const refused = replies.filter((reply) => reply !== OK)
    const { remoteAddress: remote } = envelope.client
    const fields = { id: envelope.id, protocol: this.#settings.protocol, remote, accounts, ...measured }
    if (refused.length === 0) this.#services.log.info(fields, 'delivered')
    else this.#services.log.warn({ ...fields, replies }, 'delivery-refused')
  }
}

const accountOf = ({ recipient }: DeliveryTo): AccountId => recipient.account.id

/** One answer for all: what one of them can never get, the others may yet; the next RCPT says whose it is. */
const forAll = (reply: Reply, deliveries: readonly DeliveryTo[]): Reply =>
  deliveries.length > 1 && reply.startsWith('5') ? TRY_LATER : reply

interface Plan {
  readonly deliveries: readonly DeliveryTo[]
  /** For each RCPT the places of its deliveries. */
  readonly places: readonly (readonly number[])[]
}

/** A delivery for each recipient; an address that was given twice gets the mail once. */
function planDeliveries(envelope: Envelope<Rcpt>, arrival: Arrival): Plan {
  const deliveries: DeliveryTo[] = []
  const known = new Map<string, number>()
  const places = envelope.recipients.map(({ address, recipients }) =>
    recipients.map((recipient) => {
      const key = `${recipient.account.id} ${recipient.addressKey}`
      const place = known.get(key) ?? deliveries.length
      if (place === deliveries.length) deliveries.push({ recipient, trace: traceLines(arrival, address) })
      known.set(key, place)
      return place
    }),
  )
  return { deliveries, places }
}
