// What a use case refuses by itself; what the store refuses stands in store/errors.ts. Each protocol maps both once.

export type MailErrorCode =
  | 'authentication-failed'
  /** Too many failures from this address or for this account. */
  | 'throttled'
  | 'too-many-connections'
  | 'invalid-username'
  | 'invalid-address'
  | 'invalid-password'
  | 'message-too-large'

export class MailError extends Error {
  override readonly name = 'MailError'
  readonly code: MailErrorCode

  constructor(code: MailErrorCode, message: string) {
    super(message)
    this.code = code
  }
}

export const isMailError = (error: unknown, code?: MailErrorCode): error is MailError =>
  error instanceof MailError && (code === undefined || error.code === code)
