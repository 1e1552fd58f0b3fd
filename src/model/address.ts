// Mail addresses: read, compared and printed. RFC 5321 §4.1.2 (Mailbox), RFC 6531 §3.3 (UTF-8), RFC 5891 (domains);
// what makes two addresses the same is decided in docs/adr/0003-addresses-and-usernames.md.

import { domainToASCII } from 'node:url'
import { foldCase } from './fold.js'

/** Octets of a whole address in UTF-8, and of its domain in A-labels (RFC 1035 §2.3.4). */
export const MAX_ADDRESS_OCTETS = 320
export const MAX_DOMAIN_OCTETS = 253

export interface Address {
  /** As it was given, NFC, a quoted local part without needless quotes. */
  readonly address: string
  /** Without quotes and backslashes, NFC. */
  readonly local: string
  /** In A-labels, lower case. */
  readonly domain: string
}

export type AddressProblem =
  | 'empty'
  | 'too long'
  | 'character that no address has'
  | 'no domain'
  | 'local part'
  | 'domain'

const ATEXT = "A-Za-z0-9!#$%&'*+\\-/=?^_`{|}~\\u0080-\\u{10ffff}"
const DOT_ATOM = new RegExp(`^[${ATEXT}]+(?:\\.[${ATEXT}]+)*$`, 'u')
/** qtextSMTP and quoted-pairSMTP, with UTF8-non-ascii. */
const QUOTED = /^"((?:[\u0020\u0021\u0023-\u005b\u005d-\u007e\u0080-\u{10ffff}]|\\[\u0020-\u007e])*)"$/u
/** Controls, lone surrogates, invisible format characters (but the joiners that words need), line and paragraph ends. */
const IMPOSSIBLE = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\ufeff\ufffd]|(?![\u200c\u200d])\p{Cf}/u
/** Ignorable characters (RFC 8264 §9.13) but the joiners, and spaces but the one that can be told from its like. */
const UNSEEN = /(?![\u200c\u200d])\p{Default_Ignorable_Code_Point}|(?! )\p{Zs}/u
const LABEL = '[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?'
const DOMAIN = new RegExp(`^${LABEL}(?:\\.${LABEL})*$`)

/**
 * In A-labels and lower case; undefined where it is no domain name. Address literals are none: nobody has an address
 * there. What ASCII may stand in it is checked before, because node:url takes it for part of a URL ("x/y" becomes
 * "x", "0x7f.1" becomes "127.0.0.1", "ex%61mple" becomes "example").
 */
function domainKey(domain: string): string | undefined {
  if (domain.length > MAX_DOMAIN_OCTETS || /[^A-Za-z0-9.\-\u0080-\u{10ffff}]/u.test(domain)) return undefined
  const last = domain.split('.').at(-1) ?? ''
  if (/^[0-9]/.test(last)) return undefined
  const ascii = domainToASCII(domain)
  if (ascii.length > MAX_DOMAIN_OCTETS || !DOMAIN.test(ascii)) return undefined
  return /(?:^|\.)[0-9]+$/.test(ascii) ? undefined : ascii
}

function localPart(text: string): string | undefined {
  if (DOT_ATOM.test(text)) return text
  const quoted = QUOTED.exec(text)
  return quoted?.[1]?.replace(/\\(.)/gsu, '$1')
}

const printLocal = (local: string): string =>
  DOT_ATOM.test(local) ? local : `"${local.replace(/["\\]/g, '\\$&')}"`

/** Reads `local@domain`; the problem where it is none. Takes any string, at a cost bounded by its limit. */
export function parseAddress(text: string): Address | { readonly problem: AddressProblem } {
  if (text === '') return { problem: 'empty' }
  if (text.length > MAX_ADDRESS_OCTETS) return { problem: 'too long' }
  const normal = text.normalize('NFC')
  if (Buffer.byteLength(normal) > MAX_ADDRESS_OCTETS) return { problem: 'too long' }
  if (IMPOSSIBLE.test(normal)) return { problem: 'character that no address has' }
  const at = normal.lastIndexOf('@')
  if (at < 0 || at === normal.length - 1) return { problem: 'no domain' }
  const local = localPart(normal.slice(0, at))
  if (local === undefined || local === '') return { problem: 'local part' }
  const given = normal.slice(at + 1)
  const domain = domainKey(given)
  if (domain === undefined) return { problem: 'domain' }
  return { address: `${printLocal(local)}@${given}`, local, domain }
}

/** What addresses are compared by: the local part folded, the domain in A-labels. Dots count. */
export const addressKey = (address: Address): string => `${foldCase(address.local)}@${address.domain}`

/** A new address or user name may not look like another one; those that are there already are read as they are. */
export const hasUnseen = (name: string): boolean => UNSEEN.test(name)

/** Where the `+label` of the local part begins, -1 where there is none; a local part is never all label. */
const labelAt = (local: string): number => local.indexOf('+', 1)

export const hasLabel = (address: Address): boolean => address.local.includes('+')

/** The key under which mail for the address is looked up: without its `+label`. */
export function deliveryKey(address: Address): string {
  const at = labelAt(address.local)
  return addressKey(at < 0 ? address : { ...address, local: address.local.slice(0, at) })
}
