// How single values of the configuration are written: sizes, durations, addresses to listen on, switches, lists.
// docs/operations.md, "Configuration".

import { isIP } from 'node:net'
import { hostname } from 'node:os'
import { z } from 'zod'

const SIZE_UNITS: Readonly<Record<string, number>> = {
  '': 1,
  b: 1,
  kb: 1e3,
  mb: 1e6,
  gb: 1e9,
  tb: 1e12,
  kib: 2 ** 10,
  mib: 2 ** 20,
  gib: 2 ** 30,
  tib: 2 ** 40,
}

const DAY_MS = 86_400_000

const DURATION_UNITS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: DAY_MS,
}

/** A number with a unit, in the units' base; undefined where it is none. */
function measured(text: string, units: Readonly<Record<string, number>>): number | undefined {
  const match = /^([0-9]{1,15}(?:\.[0-9]{1,6})?) ?([a-z]*)$/i.exec(text.trim())
  const unit = units[match?.[2]?.toLowerCase() ?? '-']
  if (match === null || unit === undefined) return undefined
  const value = Math.round(Number(match[1]) * unit)
  return Number.isSafeInteger(value) ? value : undefined
}

/** Octets. */
export function size(min = 0) {
  const error = `a size, such as 500MB, 64MiB or 1GiB${min === 0 ? '' : `, and at least ${min}B`}`
  return z.union([z.number(), z.string()], { error }).transform((value, context) => {
    const octets = measured(String(value), SIZE_UNITS)
    if (octets !== undefined && octets >= min) return octets
    return refuse(context, error)
  })
}

/** Milliseconds, `max` days at the most. */
export function duration(min = 0, max = Number.POSITIVE_INFINITY) {
  const least = min === 0 ? '' : `, at least ${min}ms`
  const most = Number.isFinite(max) ? `, at most ${max}d` : ''
  const error = `a duration with its unit, such as 500ms, 30s, 10m or 12h${least}${most}`
  return z.union([z.literal(0), z.string()], { error }).transform((value, context) => {
    const ms = value === 0 || value === '0' ? 0 : measured(value, DURATION_UNITS)
    if (ms !== undefined && ms >= min && ms <= max * DAY_MS) return ms
    return refuse(context, error)
  })
}

/** Milliseconds that a timer waits for, or twice as many: Node.js takes more than 2^31 for 1. */
export const timer = (min = 100) => duration(min, 12)

export function count(min: number, max: number) {
  const error = `a whole number from ${min} to ${max}`
  return z.union([z.number(), z.string()], { error }).transform((value, context) => {
    const number = typeof value === 'string' && !/^[0-9]{1,15}$/.test(value) ? Number.NaN : Number(value)
    if (Number.isInteger(number) && number >= min && number <= max) return number
    return refuse(context, error)
  })
}

export function flag() {
  const error = 'true or false'
  return z.union([z.boolean(), z.string()], { error }).transform((value, context) => {
    if (typeof value === 'boolean') return value
    if (value === 'true' || value === 'false') return value === 'true'
    return refuse(context, error)
  })
}

export interface ListenAddress {
  readonly host: string
  /** 0 picks a free one. */
  readonly port: number
}

/** Host and port to listen on, or `off`. */
export function listen() {
  const error = 'host:port, such as 127.0.0.1:9143 or [::1]:9143, or off'
  return z.string({ error }).transform((text, context): ListenAddress | 'off' => {
    if (text === 'off') return 'off'
    const match = /^(?:\[([^\]]+)\]|([^[\]:]+)):([0-9]{1,5})$/.exec(text)
    const host = match?.[1] ?? match?.[2]
    const port = Number(match?.[3])
    const ipv6 = match?.[1] !== undefined
    if (host !== undefined && port <= 65_535 && (!ipv6 || isIP(host) === 6)) return { host, port }
    return refuse(context, error)
  })
}

/** Labels of letters, digits and hyphens (RFC 5321 §4.1.2, Domain). */
const HOST_NAME =
  /^(?=.{1,253}$)[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)*$/i

export function hostName() {
  const error = 'a host name: letters, digits and hyphens between dots'
  return z.string({ error }).regex(HOST_NAME, error)
}

export const folder = () => z.string({ error: 'a folder' }).min(1, 'a folder')

/** This machine's name where it is one that may be said to others: some have an underscore. */
export function localHostName(): string {
  const name = hostname()
  return HOST_NAME.test(name) ? name : 'localhost'
}

/** One of `allowed`: those that end with `//` begin a URL, whose rest is the engine's business; the others are all of it. */
export function url(...allowed: readonly string[]) {
  const named = allowed.map((one) => one.replace(/\/\/$/, '//…')).join(' or ')
  const error = allowed.includes('sqlite:') ? `${named}; the folder of sqlite: is data` : named
  return z.string({ error }).transform((text, context) => {
    if (allowed.some((one) => (one.endsWith('//') ? text.startsWith(one) : text === one))) return text
    return refuse(context, error)
  })
}

/** A URL as it may be shown: without the password, and without options that hold secrets. */
export const withoutSecrets = (value: unknown): unknown =>
  typeof value === 'string'
    ? value
        .replace(/(:\/\/[^/:@\s]*):.*@/s, '$1:…@')
        .replace(/([?&](?:[a-z]*password|authMechanismProperties)=)[^&]*/gi, '$1…')
    : value

export function certificates() {
  const error = 'a list of {cert, key}, both paths of PEM files'
  const path = z.string({ error }).min(1, error)
  return z.array(z.strictObject({ cert: path, key: path }, { error }), { error })
}

/** The message says what would have been right; the loader puts the key and the value before it. */
function refuse(context: z.RefinementCtx, expected: string): never {
  context.addIssue({ code: 'custom', message: expected })
  return z.NEVER
}

const LOOPBACK_NAMES = ['localhost', '::1']

export const isLoopbackName = (host: string): boolean =>
  LOOPBACK_NAMES.includes(host) || /^127(?:\.[0-9]{1,3}){3}$/.test(host)
