// Who a client is: its address, and the network that it has for itself, which limits for strangers are counted by.
// RFC 6177 §2, RFC 4291 §2.2.

import { isIPv6, type Socket } from 'node:net'

/** Who is at the other end: an IPv4 address also where IPv6 shows it (RFC 4291 §2.5.5.2); empty where nobody is any more. */
export const remoteAddressOf = (socket: Socket): string =>
  (socket.remoteAddress ?? '').replace(/^::ffff:(?=\d+\.)/i, '')

export const isLoopback = (address: string): boolean => address === '::1' || address.startsWith('127.')

/** An IPv4 address as it is; of an IPv6 address its /64, written without `::`. */
export function networkOf(address: string): string {
  const [plain = ''] = address.split('%')
  if (!isIPv6(plain)) return address
  const [head = '', tail] = plain.toLowerCase().split('::')
  const left = groupsOf(head)
  if (tail === undefined) return left.slice(0, 4).join(':')
  const right = groupsOf(tail)
  const zeros = Array<string>(Math.max(0, 8 - left.length - right.length)).fill('0')
  return [...left, ...zeros, ...right].slice(0, 4).join(':')
}

const groupsOf = (text: string): string[] =>
  text === '' ? [] : text.split(':').map((group) => group.replace(/^0+(?=.)/, ''))
