// The maildrop: mail for the accounts of this server. Who gets it, whether there is room, the trace lines, and the
// delivery: one transaction for SMTP's one answer, each recipient apart for LMTP (RFC 2033 §4.2).

import { type DeliveryTo, deliverAll, deliverEach, findRecipients, type Recipient } from '../mail/deliver.js'
import { isMailError } from '../mail/errors.js'
import { type Ingested, Intake } from '../mail/intake.js'
import { effectiveQuota, hasRoom } from '../mail/quota.js'
import type { Services } from '../mail/services.js'
import type { Account, LookUp } from '../mail/types.js'
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
function keptOctets({ parsed: { skeleton, cuts, text, summary } }: Ingested): number {
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
    return {
      write: (octets) => intake.write(octets),
      abort: () => intake.abort(),
      deliver: async () => {
        const ingested = await intake.finish()
        const replies = await this.#deliver(envelope, ingested)
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

  async #deliver(envelope: Envelope<Rcpt>, ingested: Ingested): Promise<Reply[]> {
    const { deliveries, places } = planDeliveries(envelope, this.#arrivalOf(envelope))
    if (this.#settings.protocol === 'smtp') {
      if (deliveries.length > 1 && deliveries.length * keptOctets(ingested) > MOST_KEPT)
        return [TOO_MANY_FOR_SIZE]
      try {
        await deliverAll(this.#services, ingested, deliveries)
        return [OK]
      } catch (error) {
        // One answer for all: what one of them can never get, the others may yet; the next RCPT says whose it is.
        const reply = this.#refusal(error, deliveries, ingested)
        return [deliveries.length > 1 && reply.startsWith('5') ? TRY_LATER : reply]
      }
    }
    const outcomes = await deliverEach(this.#services, ingested, deliveries)
    return places.map((own) => {
      const failed = own.find((place) => outcomes[place] instanceof Error)
      if (failed === undefined) return OK
      return this.#refusal(outcomes[failed], deliveries.slice(failed, failed + 1), ingested)
    })
  }

  #refusal(error: unknown, deliveries: readonly DeliveryTo[], ingested: Ingested): Reply {
    if (!isStoreError(error, 'quota-exceeded')) {
      if (!isStoreError(error) || error.code === 'corrupt') {
        this.#services.log.error({ err: error }, 'delivery-failed')
      } else this.#services.log.warn(describeError(error), 'delivery-put-off')
      return replyToError(error)
    }
    const needed = Math.max(...deliveries.map(({ trace }) => ingested.parsed.size + trace.length))
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

/** A delivery for each recipient, and for each RCPT their places; an address that was given twice gets the mail once. */
function planDeliveries(
  envelope: Envelope<Rcpt>,
  arrival: Arrival,
): { deliveries: DeliveryTo[]; places: number[][] } {
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
