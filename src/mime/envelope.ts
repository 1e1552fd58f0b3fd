// ENVELOPE as it goes over the wire, prepared from a header. RFC 3501 §7.4.2: encoded-words stay as they are; Sender
// and Reply-To, where absent or empty, are From.
import { type MailAddress, readAddresses } from './addresses.js'
import { collapseBlanks } from './header-fields.js'
import { imapString, nstring } from './imap-string.js'

export type AddressField = 'from' | 'sender' | 'replyTo' | 'to' | 'cc' | 'bcc'

/** The fields of a message's header that ENVELOPE and the summary are made of; values latin1, unfolded. */
export class EnvelopeFields {
  date: string | undefined
  subject: string | undefined
  messageId: string | undefined
  inReplyTo: string | undefined
  references: string | undefined
  readonly from: MailAddress[] = []
  readonly sender: MailAddress[] = []
  readonly replyTo: MailAddress[] = []
  readonly to: MailAddress[] = []
  readonly cc: MailAddress[] = []
  readonly bcc: MailAddress[] = []
  /** Addresses that may still be read. */
  room: number

  constructor(room: number) {
    this.room = room
  }

  /** A field that is there several times adds to the list. */
  addAddresses(field: AddressField, value: string): void {
    const list = this[field]
    // Those of From are told as Sender's and Reply-To's too.
    const weight = field === 'from' ? 3 : 1
    const before = list.length
    readAddresses(value, list, before + Math.ceil(this.room / weight))
    this.room = Math.max(0, this.room - weight * (list.length - before))
  }
}

/** The parenthesised list, as octets in a latin1 string. */
export function envelopeResponse(fields: EnvelopeFields): string {
  const from = addressList(fields.from)
  const sender = fields.sender.length === 0 ? from : addressList(fields.sender)
  const replyTo = fields.replyTo.length === 0 ? from : addressList(fields.replyTo)
  const to = `${addressList(fields.to)} ${addressList(fields.cc)} ${addressList(fields.bcc)}`
  const ids = `${nstring(fields.inReplyTo)} ${nstring(fields.messageId)}`
  return `(${nstring(fields.date)} ${readable(fields.subject)} ${from} ${sender} ${replyTo} ${to} ${ids})`
}

/** What people read. */
function readable(value: string | undefined): string {
  if (value === undefined) return 'NIL'
  return imapString(collapseBlanks(value).replace(/^ | $/g, ''))
}

function addressList(list: readonly MailAddress[]): string {
  if (list.length === 0) return 'NIL'
  let text = '('
  for (const { name, route, mailbox, host } of list)
    text += `(${readable(name)} ${nstring(route)} ${nstring(mailbox)} ${nstring(host)})`
  return `${text})`
}
