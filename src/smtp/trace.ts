// The lines that are put above a message at its final delivery: Return-Path, Delivered-To, Received. RFC 5321 §4.4,
// the `with` protocols of RFC 3848 and RFC 6531 §4.3. Everything that goes in was checked by the grammar: no control characters.

import type { Client } from './envelope.js'

/** How and from whom a message came in: the same for all its recipients. */
export interface Arrival {
  readonly client: Client
  readonly hostname: string
  readonly protocol: 'smtp' | 'lmtp'
  readonly utf8: boolean
  /** An atom, unique. */
  readonly id: string
  /** Milliseconds since 1970, and the zone to show it in, in minutes east. */
  readonly at: number
  readonly zone: number
  /** Without brackets; empty for the null reverse-path. */
  readonly reversePath: string
  /** The only recipient's address; undefined where there are several, who must not learn of each other. */
  readonly onlyRecipient: string | undefined
}

/** RFC 3848, RFC 6531 §4.3. Plain HELO knows neither TLS nor UTF-8. */
export function withProtocol({ protocol, client, utf8 }: Arrival): string {
  const secure = client.secure ? 'S' : ''
  if (protocol === 'lmtp') return `${utf8 ? 'UTF8' : ''}LMTP${secure}`
  if (utf8) return `UTF8SMTP${secure}`
  return client.extended ? `ESMTP${secure}` : 'SMTP'
}

/** Return-Path comes first, then what is the recipient's own, then Received: the newest stands above the older ones. */
export function traceLines(arrival: Arrival, deliveredTo: string): Buffer {
  return Buffer.from(
    `Return-Path: <${arrival.reversePath}>\r\nDelivered-To: ${deliveredTo}\r\n${receivedLine(arrival)}`,
    'utf8',
  )
}

function receivedLine(arrival: Arrival): string {
  const { client, hostname, id, onlyRecipient } = arrival
  const { helo, remoteAddress } = client
  const address = remoteAddress.includes(':') ? `[IPv6:${remoteAddress}]` : `[${remoteAddress}]`
  const recipient = onlyRecipient === undefined ? '' : `\r\n\tfor <${onlyRecipient}>`
  return (
    `Received: from ${helo} (${address})\r\n` +
    `\tby ${hostname} with ${withProtocol(arrival)} id ${id}${recipient};\r\n` +
    `\t${dateTime(arrival.at, arrival.zone)}\r\n`
  )
}

const DAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat']
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']
const two = (value: number): string => (value < 10 ? `0${value}` : String(value))

/** RFC 5322 §3.3 date-time: milliseconds since 1970, minutes east. */
export function dateTime(at: number, zone: number): string {
  const local = new Date(at + zone * 60_000)
  const offset = Math.abs(zone)
  const day = `${DAYS[local.getUTCDay()]}, ${local.getUTCDate()} ${MONTHS[local.getUTCMonth()]} ${local.getUTCFullYear()}`
  const time = `${two(local.getUTCHours())}:${two(local.getUTCMinutes())}:${two(local.getUTCSeconds())}`
  return `${day} ${time} ${zone < 0 ? '-' : '+'}${two(Math.floor(offset / 60))}${two(offset % 60)}`
}
