// When two servers' answers about one message say the same: octets exactly; in BODYSTRUCTURE the words whose case
// RFC 2045 §5.1 and §6.1 call insignificant are folded first.

import type { Value } from '../wire/imap-values.js'

/** Comparable and readable: strings quoted, atoms bare, NIL as it is. */
export function show(value: Value | undefined): string {
  if (value === undefined) return '(no answer)'
  if (value === null) return 'NIL'
  if (typeof value === 'string') return value
  if (Buffer.isBuffer(value)) return JSON.stringify(value.toString('latin1'))
  return `(${(value as readonly Value[]).map(show).join(' ')})`
}

export function sameAnswer(item: string, one: Value | undefined, other: Value | undefined): boolean {
  const fold = item === 'BODY' || item === 'BODYSTRUCTURE' ? foldStructure : (value: Value) => value
  if (one === undefined || other === undefined) return false
  return show(fold(one)) === show(fold(other))
}

/** Types, subtypes, encodings, parameter and disposition names in lower case; of values only charset's (RFC 2046 §4.1.2). */
export function foldStructure(structure: Value): Value {
  if (!Array.isArray(structure)) return structure
  return Array.isArray(structure[0]) ? foldMultipart(structure) : foldLeaf(structure)
}

function foldMultipart(structure: readonly Value[]): Value {
  const count = structure.findIndex((value) => !Array.isArray(value))
  const [subtype, parameters, disposition, ...rest] = structure.slice(count)
  return [
    ...structure.slice(0, count).map(foldStructure),
    lower(subtype),
    ...defined(parameters, foldParameters),
    ...defined(disposition, foldDisposition),
    ...rest,
  ]
}

/** type, subtype, parameters, id, description, encoding, size, then what the type adds, then MD5 and disposition. */
function foldLeaf(leaf: readonly Value[]): Value {
  const [type, subtype, parameters, id, description, encoding, size, ...rest] = leaf
  const word = Buffer.isBuffer(type) ? type.toString('latin1').toLowerCase() : ''
  const message =
    word === 'message' && Buffer.isBuffer(subtype) && /^rfc822$/i.test(subtype.toString('latin1'))
  const added = message ? 3 : word === 'text' ? 1 : 0
  const more = rest.slice(0, added).map((value, at) => (message && at === 1 ? foldStructure(value) : value))
  const [md5, disposition, ...last] = rest.slice(added)
  return [
    lower(type),
    lower(subtype),
    foldParameters(parameters ?? null),
    id ?? null,
    description ?? null,
    lower(encoding),
    size ?? null,
    ...more,
    ...defined(md5, (value) => value),
    ...defined(disposition, foldDisposition),
    ...last,
  ]
}

function foldDisposition(disposition: Value): Value {
  if (!Array.isArray(disposition)) return disposition
  return [lower(disposition[0]), foldParameters(disposition[1] ?? null)]
}

function foldParameters(parameters: Value): Value {
  if (!Array.isArray(parameters)) return parameters
  return parameters.map((value: Value, at: number) => {
    const ofCharset = at % 2 === 1 && show(lower(parameters[at - 1])) === '"charset"'
    return at % 2 === 0 || ofCharset ? lower(value) : value
  })
}

function lower(value: Value | undefined): Value {
  if (!Buffer.isBuffer(value)) return value ?? null
  return Buffer.from(value.toString('latin1').toLowerCase(), 'latin1')
}

function defined(value: Value | undefined, fold: (value: Value) => Value): Value[] {
  return value === undefined ? [] : [fold(value)]
}
