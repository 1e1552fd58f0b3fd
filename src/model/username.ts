// User names: what a person types to log in, beside any of the account's addresses. After the UsernameCaseMapped profile
// of RFC 8265 §3.3, as far as Node has it; docs/adr/0003-addresses-and-usernames.md.

import { addressKey, hasLabel, parseAddress } from './address.js'
import { foldCase } from './fold.js'

/** Octets in UTF-8 of one that is no address. */
const MAX_USERNAME_OCTETS = 256

export interface Username {
  /** As it was given, NFC. */
  readonly username: string
  /** What user names are compared by. One that is an address has the key of that address. */
  readonly key: string
}

export type UsernameProblem = 'empty' | 'too long' | 'character that no user name has' | 'address'

/** Letters, marks and digits of any script; in between also . _ - and +. */
const NAME = /^[\p{L}\p{N}](?:[\p{L}\p{M}\p{N}._+-]*[\p{L}\p{M}\p{N}_-])?$/u

/** Reads a user name, new or typed at a login; the problem where it can be none. */
export function parseUsername(text: string): Username | { readonly problem: UsernameProblem } {
  if (text === '') return { problem: 'empty' }
  if (text.includes('@')) return addressName(text)
  if (text.length > MAX_USERNAME_OCTETS) return { problem: 'too long' }
  const username = text.normalize('NFC')
  if (Buffer.byteLength(username) > MAX_USERNAME_OCTETS) return { problem: 'too long' }
  // A character that is a variant of another (ﬁ, ², ａ) would be a second name that looks like the first (RFC 8264 §9.17).
  if (!NAME.test(username) || username.normalize('NFKC') !== username)
    return { problem: 'character that no user name has' }
  return { username, key: foldCase(username) }
}

function addressName(text: string): Username | { readonly problem: UsernameProblem } {
  const address = parseAddress(text)
  if ('problem' in address || hasLabel(address)) return { problem: 'address' }
  return { username: address.address, key: addressKey(address) }
}
