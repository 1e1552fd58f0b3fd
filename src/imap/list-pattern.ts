// The patterns of LIST and LSUB (RFC 3501 §6.3.8): "*" is any text, "%" any text without the separator.

import { MAX_PATH_OCTETS, SEPARATOR, withInbox } from '../model/mailbox-path.js'
import { decodeModifiedUtf7 } from './wire/modified-utf7.js'

const MAX_PATTERN = 2 * MAX_PATH_OCTETS

/** The places in `pattern` that may be reached without taking another character. */
function passWildcards(pattern: string, reached: Uint8Array): void {
  for (let at = 0; at < pattern.length; at++) {
    if (reached[at] === 1 && (pattern[at] === '*' || pattern[at] === '%')) reached[at + 1] = 1
  }
}

function step(pattern: string, reached: Uint8Array, character: string): Uint8Array {
  const next = new Uint8Array(pattern.length + 1)
  for (let at = 0; at < pattern.length; at++) {
    if (reached[at] !== 1) continue
    const wanted = pattern[at]
    if (wanted === '*' || (wanted === '%' && character !== SEPARATOR)) next[at] = 1
    if (wanted === character) next[at + 1] = 1
  }
  passWildcards(pattern, next)
  return next
}

/** All places of the pattern at once, character by character: no pattern makes it slow. */
function matches(pattern: string, path: string): boolean {
  let reached: Uint8Array = new Uint8Array(pattern.length + 1)
  reached[0] = 1
  passWildcards(pattern, reached)
  for (let at = 0; at < path.length; at++) reached = step(pattern, reached, path[at] ?? '')
  return reached[pattern.length] === 1
}

/** A test of paths for a pattern as it stands on the wire. One that is no modified UTF-7 matches nothing. */
export function listPattern(wire: string): (path: string) => boolean {
  const decoded = decodeModifiedUtf7(wire)
  if (decoded === undefined || decoded.length > MAX_PATTERN) return () => false
  const pattern = withInbox(decoded.normalize('NFC'))
    .replace(/[*%]*\*[*%]*/g, '*')
    .replace(/%+/g, '%')
  if (!/[*%]/.test(pattern)) return (path) => path === pattern
  if (pattern === '*') return () => true
  return (path) => matches(pattern, path)
}
