// Refused requests: the closed sets of errors in HTTP's terms, once. Every refusal reads
// {"success": false, "error": "…", "code": "…"}; what a client sent never ends in a 500.

import type { FastifyError } from 'fastify'
import { z } from 'zod'
import { isMailError, type MailErrorCode } from '../mail/errors.js'
import { isStoreError, type StoreErrorCode } from '../store/errors.js'

export const refusalBody = z.object({
  success: z.literal(false),
  error: z.string().describe('what was wrong, for people'),
  code: z.string().describe('what was wrong, for programs'),
})

export interface Refusal {
  readonly status: number
  readonly code: string
  readonly error: string
}

/** A request that is refused for a reason of this room. */
export class HttpRefusal extends Error {
  override readonly name = 'HttpRefusal'
  readonly refusal: Refusal

  constructor(status: number, code: string, error: string) {
    super(error)
    this.refusal = { status, code, error }
  }
}

const STORE: Readonly<Record<StoreErrorCode, number>> = {
  'no-such-account': 404,
  'account-exists': 409,
  'no-such-address': 404,
  'address-exists': 409,
  'no-such-mailbox': 404,
  'mailbox-exists': 409,
  'mailbox-has-children': 409,
  'mailbox-protected': 409,
  'no-such-token': 404,
  'quota-exceeded': 507,
  limit: 409,
  'disk-full': 507,
  unavailable: 503,
  corrupt: 500,
}

const MAIL: Readonly<Record<MailErrorCode, number>> = {
  'authentication-failed': 401,
  throttled: 429,
  'too-many-connections': 503,
  'invalid-username': 400,
  'invalid-address': 400,
  'invalid-password': 400,
  'message-too-large': 413,
}

/** Fastify's own codes, in words that a script can rely on. */
const CODES: Readonly<Record<number, string>> = {
  400: 'invalid-input',
  404: 'no-such-resource',
  405: 'no-such-method',
  413: 'too-large',
  415: 'unsupported-content-type',
}

export function refusalOf(error: unknown): Refusal {
  if (error instanceof HttpRefusal) return error.refusal
  if (isStoreError(error)) return { status: STORE[error.code], code: error.code, error: error.message }
  if (isMailError(error)) return { status: MAIL[error.code], code: error.code, error: error.message }
  const { statusCode: status, validation, message } = error as Partial<FastifyError>
  if (validation !== undefined) {
    return { status: 400, code: 'invalid-input', error: validationText(validation) }
  }
  if (status !== undefined && status >= 400 && status < 500 && message !== undefined) {
    return { status, code: CODES[status] ?? 'refused', error: message }
  }
  return { status: 500, code: 'internal', error: 'the server failed; its log says more' }
}

const issue = z.object({ instancePath: z.string(), message: z.string() })

/** Which field, and what is wrong with it. */
function validationText(validation: readonly unknown[]): string {
  const texts = validation.slice(0, 5).map((one) => {
    const known = issue.safeParse(one)
    if (!known.success) return 'invalid'
    const field = known.data.instancePath.replace(/^\//, '').replaceAll('/', '.')
    return field === '' ? known.data.message : `${field}: ${known.data.message}`
  })
  return texts.join('; ')
}
