// The lines that are put above a message at its final delivery: Return-Path, Delivered-To, Received. RFC 5321 §4.4,
// the `with` protocols of RFC 3848 and RFC 6531 §4.3. Everything that goes in was checked by the grammar: no control characters.

/** How and from whom a message came in: the same for all its recipients. */
export interface Arrival {
  /** What the client called itself; empty where it did not. */
  readonly helo: string
  readonly remoteAddress: string
  readonly hostname: string
  readonly protocol: 'smtp' | 'lmtp'
  /** EHLO or LHLO was used, not HELO. */
  readonly extended: boolean
  readonly secure: boolean
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
export function withProtocol(arrival: Pick<Arrival, 'protocol' | 'extended' | 'secure' | 'utf8'>): string {
  const secure = arrival.secure ? 'S' : ''
  if (arrival.protocol === 'lmtp') return `${arrival.utf8 ? 'UTF8' : ''}LMTP${secure}`
  if (arrival.utf8) return `UTF8SMTP${secure}`
  return arrival.extended ? `ESMTP${secure}` : 'SMTP'
}

/** Return-Path comes first, then what is the recipient's own, then Received: the newest stands above the older ones. */
export function traceLines(arrival: Arrival, deliveredTo: string): Buffer {
  return Buffer.from(
    `Return-Path: <${arrival.reversePath}>\r\nDelivered-To: ${deliveredTo}\r\n${receivedLine(arrival)}`,
    'utf8',
  )
}

function receivedLine(arrival: Arrival): string {
  const { helo, remoteAddress, hostname, id, onlyRecipient } = arrival
  const address = remoteAddress.includes(':') ? `[IPv6:${remoteAddress}]` : `[${remoteAddress}]`
  const recipient = onlyRecipient === undefined ? '' : `\r\n\tfor <${onlyRecipient}>`
  return (
    `Received: from ${helo === '' ? 'unknown' : helo} (${address})\r\n` +
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
