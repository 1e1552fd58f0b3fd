// Delivery to addresses: who gets mail for one, and the append into each INBOX. RFC 5321, RFC 2033.

import { addressKey, deliveryKey, parseAddress } from '../model/address.js'
import { mailboxId } from '../model/ids.js'
import type { Account, LookUp } from '../store/accounts.js'
import { isStoreError, StoreError } from '../store/errors.js'
import type { Appended, Delivery } from '../store/messages.js'
import { MailError } from './errors.js'
import { publish } from './hints.js'
import { type Ingested, keepBlobsAlive } from './intake.js'
import type { Services } from './services.js'

/** INBOX has this number in every account. */
export const INBOX_ID = mailboxId(1)

export interface Recipient {
  readonly account: Account
  /** As RCPT gave it, and as addresses are compared, its label with it. */
  readonly address: string
  readonly addressKey: string
  /** The address that is the account's, without the label, as the store compares it. */
  readonly deliveryKey: string
}

export interface DeliveryTo {
  readonly recipient: Recipient
  /** Trace lines to stand above the message. */
  readonly trace: Uint8Array
}

/**
 * Empty where nobody has the address, label taken off; that is certain. Those who do may be `remembered`: then the delivery
 * finds out. Throws MailError `invalid-address`.
 */
export async function findRecipients(
  services: Services,
  address: string,
  options: LookUp = {},
): Promise<Recipient[]> {
  const parsed = parseAddress(address)
  if ('problem' in parsed) throw new MailError('invalid-address', `no address: ${parsed.problem}`)
  const key = deliveryKey(parsed)
  const destinations = await services.store.resolve(key, options)
  return destinations
    .filter(({ account }) => account.state === 'active')
    .map(({ account }) => ({ account, address, addressKey: addressKey(parsed), deliveryKey: key }))
}

const deliveryOf = (ingested: Ingested, { recipient, trace }: DeliveryTo, at: number): Delivery => ({
  account: recipient.account.id,
  mailbox: INBOX_ID,
  addressKey: recipient.deliveryKey,
  message: { parsed: ingested.parsed, trace, flags: [], internalDate: { at, zone: 0 } },
})

const wholeSeconds = (ms: number): number => Math.floor(ms / 1000) * 1000

/** SMTP: one answer for all recipients, so all get it or none does. Throws StoreError. */
export async function deliverAll(
  services: Services,
  ingested: Ingested,
  deliveries: readonly DeliveryTo[],
): Promise<Appended[]> {
  await keepBlobsAlive(services, ingested)
  const at = wholeSeconds(services.clock())
  const appended = await services.store.deliver(
    deliveries.map((delivery) => deliveryOf(ingested, delivery, at)),
    services.limits.quotaDefault,
  )
  for (const [i, delivery] of deliveries.entries()) {
    const done = appended[i]
    if (done !== undefined) publish(services, delivery.recipient.account.id, done.modseq, INBOX_ID)
  }
  return appended
}

/** LMTP: each recipient apart; what fails for one, whatever it is, is that one's alone: the others have their mail. */
export function deliverEach(
  services: Services,
  ingested: Ingested,
  deliveries: readonly DeliveryTo[],
): Promise<(Appended | StoreError)[]> {
  return Promise.all(
    deliveries.map(async (delivery) => {
      try {
        const [appended] = await deliverAll(services, ingested, [delivery])
        if (appended === undefined) throw new Error('the store answered a delivery with nothing')
        return appended
      } catch (error) {
        if (isStoreError(error)) return error
        services.log.error({ err: error, account: delivery.recipient.account.id }, 'delivery-failed')
        return new StoreError('unavailable', 'a delivery failed', { cause: error })
      }
    }),
  )
}
