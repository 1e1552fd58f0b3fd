// application/x-www-form-urlencoded bodies: the same fields as in JSON, but every value is text there, so those that are
// numbers or booleans in the route's schema are read as such before it judges them.

import { z } from 'zod'
import { HttpRefusal } from './refusals.js'

/** Fields by name; one that comes twice is refused, for nobody could say which counts. */
export function parseForm(text: string): Record<string, string> {
  const fields = new Map<string, string>()
  for (const [name, value] of new URLSearchParams(text)) {
    if (fields.has(name)) throw new HttpRefusal(400, 'invalid-input', 'a field of the form comes twice')
    fields.set(name, value)
  }
  return Object.fromEntries(fields)
}

const kindOf = (schema: z.ZodType | undefined): z.ZodType | undefined =>
  schema instanceof z.ZodOptional || schema instanceof z.ZodDefault
    ? kindOf(schema.unwrap() as z.ZodType)
    : schema

function typed(value: string, schema: z.ZodType | undefined): unknown {
  const kind = kindOf(schema)
  if (kind instanceof z.ZodNumber && /^-?[0-9]{1,20}$/.test(value)) return Number(value)
  if (kind instanceof z.ZodBoolean && (value === 'true' || value === 'false')) return value === 'true'
  return value
}

/** The form's fields with the types that the schema has for them. */
export function typedForm(
  fields: Readonly<Record<string, string>>,
  schema: unknown,
): Record<string, unknown> {
  if (!(schema instanceof z.ZodObject)) return fields
  const shape = schema.shape as Record<string, z.ZodType>
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [
      name,
      Object.hasOwn(shape, name) ? typed(value, shape[name]) : value,
    ]),
  )
}
