// Errors as the command line says them: a code for scripts and a sentence for people.

import { z } from 'zod'
import { ConfigError } from '../config/load.js'
import { isMailError } from '../mail/errors.js'
import { isStoreError } from '../store/errors.js'

export interface Refusal {
  readonly code: string
  readonly message: string
}

/** What was asked for was refused, or cannot be done now. */
export class RefusedError extends Error {
  override readonly name = 'RefusedError'
  readonly code: string

  constructor(code: string, message: string) {
    super(message)
    this.code = code
  }
}

/** The command line itself was wrong. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}

/** The command line or the configuration was wrong: nothing was done. */
const isUsage = (error: unknown): error is UsageError | ConfigError =>
  error instanceof UsageError || error instanceof ConfigError

export function describeError(error: unknown): Refusal {
  if (isMailError(error) || isStoreError(error) || error instanceof RefusedError) {
    return { code: error.code, message: error.message }
  }
  if (isUsage(error)) return { code: 'usage', message: error.message }
  if (error instanceof z.ZodError) return { code: 'invalid-input', message: z.prettifyError(error) }
  return { code: 'internal', message: error instanceof Error ? error.message : String(error) }
}
