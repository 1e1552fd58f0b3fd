// The one place where errors become NO or BAD with a response code: the closed sets of the store and of the use cases,
// syntax, and whatever nobody expected. RFC 5530 §3.

import { isMailError, type MailErrorCode } from '../mail/errors.js'
import { isStoreError, type StoreErrorCode } from '../store/errors.js'
import { bad, no, Refusal } from './reply.js'
import { SyntaxProblem } from './wire/syntax-error.js'

function refusalOfStore(code: StoreErrorCode): Refusal {
  switch (code) {
    case 'no-such-mailbox':
      return no('No such mailbox', 'NONEXISTENT')
    case 'mailbox-exists':
      return no('A mailbox of that name exists', 'ALREADYEXISTS')
    case 'mailbox-has-children':
      return no('The name has inferiors and is not a mailbox itself', 'HASCHILDREN')
    case 'mailbox-protected':
      return no('Not possible for this mailbox', 'CANNOT')
    case 'quota-exceeded':
      return no('The quota is used up', 'OVERQUOTA')
    case 'limit':
      return no('Above a limit of this server', 'LIMIT')
    case 'disk-full':
    case 'unavailable':
      return no('Not possible at the moment', 'UNAVAILABLE')
    case 'corrupt':
      return no('The stored data is damaged; the administrator has been told', 'CONTACTADMIN')
    case 'no-such-account':
      return no('The account is gone', 'CONTACTADMIN')
    case 'account-exists':
    case 'no-such-address':
    case 'address-exists':
    case 'no-such-token':
      return no('Internal error', 'SERVERBUG')
  }
}

function refusalOfMail(code: MailErrorCode): Refusal {
  switch (code) {
    case 'authentication-failed':
      return no('Wrong user name or password', 'AUTHENTICATIONFAILED')
    case 'throttled':
      return no('Too many failures, try again later', 'UNAVAILABLE')
    case 'too-many-connections':
      return no('Too many connections', 'LIMIT')
    case 'message-too-large':
      return no('The message is too large', 'TOOBIG')
    case 'invalid-username':
    case 'invalid-address':
    case 'invalid-password':
      return no('Wrong user name or password', 'AUTHENTICATIONFAILED')
  }
}

/** Undefined for what nobody expected: logged by the caller, and answered as a bug of the server. */
export function refusalOf(error: unknown): Refusal | undefined {
  if (error instanceof Refusal) return error
  if (error instanceof SyntaxProblem) return bad(error.message, error.code)
  if (isStoreError(error)) return refusalOfStore(error.code)
  if (isMailError(error)) return refusalOfMail(error.code)
  return undefined
}

/** True where an administrator should read of it. */
export const isTrouble = (error: unknown): boolean =>
  refusalOf(error) === undefined || isStoreError(error, 'corrupt') || isStoreError(error, 'unavailable')
