// What the server says: reply codes of RFC 5321 §4.2 with the enhanced ones of RFC 3463, and the one place where errors
// become replies. Nothing that came from a client is ever repeated in one.

import { MailError } from '../mail/errors.js'
import { StoreError } from '../store/errors.js'

/** One line without its CRLF. */
export type Reply = string

export const OK: Reply = '250 2.0.0 OK'
export const SENDER_OK: Reply = '250 2.1.0 Sender OK'
export const RECIPIENT_OK: Reply = '250 2.1.5 Recipient OK'
export const START_INPUT: Reply = '354 End data with <CR><LF>.<CR><LF>'
export const BYE: Reply = '221 2.0.0 Bye'
export const READY_FOR_TLS: Reply = '220 2.0.0 Ready to start TLS'
export const CANNOT_VERIFY: Reply = '252 2.1.5 Cannot verify; send mail to find out'
export const HELP: Reply = '214 2.0.0 See RFC 5321'

export const LINE_TOO_LONG: Reply = '500 5.5.2 Line too long'
export const NOT_TEXT: Reply = '500 5.5.2 A command is a line of text that ends with CRLF'
export const UNKNOWN_COMMAND: Reply = '500 5.5.1 Command not recognized'
export const NOT_IMPLEMENTED: Reply = '502 5.5.1 Command not implemented'
export const BAD_ARGUMENTS: Reply = '501 5.5.4 Syntax error in parameters'
export const BAD_SENDER: Reply = '501 5.1.7 Syntax error in sender'
export const BAD_RECIPIENT: Reply = '501 5.1.3 Syntax error in recipient'
export const UNKNOWN_PARAMETER: Reply = '555 5.5.4 Parameter not recognized'
export const GREET_FIRST: Reply = '503 5.5.1 Say hello first'
export const MAIL_FIRST: Reply = '503 5.5.1 MAIL first'
export const RCPT_FIRST: Reply = '503 5.5.1 RCPT first'
export const NO_VALID_RECIPIENTS: Reply = '554 5.5.1 No valid recipients'
export const NESTED_MAIL: Reply = '503 5.5.1 A transaction is under way'
export const MESSAGE_BEGUN: Reply = '503 5.5.1 A message is under way; BDAT or RSET'
export const ALREADY_SECURE: Reply = '503 5.5.1 TLS is active already'

export const TOO_LARGE: Reply = '552 5.3.4 Message is larger than the limit'
export const NEEDS_SMTPUTF8: Reply = '553 5.6.7 Address needs SMTPUTF8'
export const UNKNOWN_RECIPIENT: Reply = '550 5.1.1 No such recipient here'
export const MAILBOX_FULL: Reply = '452 4.2.2 Mailbox is full'
/** It would not fit into an empty mailbox either. */
export const ABOVE_QUOTA: Reply = '552 5.2.2 Message is larger than the mailbox may be'
export const TOO_MANY_RECIPIENTS: Reply = '452 4.5.3 Too many recipients; send again for the others'
export const TOO_MANY_FOR_SIZE: Reply =
  '452 4.5.3 Too many recipients for a message of this size; send it to fewer at a time'
const NO_SPACE: Reply = '452 4.3.1 Insufficient storage; try again later'
export const TRY_LATER: Reply = '451 4.3.0 Cannot take mail now; try again later'

export const TOO_MANY_BAD_RECIPIENTS: Reply = '421 4.7.0 Too many unknown recipients'
export const TOO_MANY_ERRORS: Reply = '421 4.7.0 Too many errors'
export const BAD_CHUNK: Reply = '421 4.5.4 BDAT without its size'
export const TIMED_OUT: Reply = '421 4.4.2 Waited too long'
export const SHUTTING_DOWN: Reply = '421 4.3.2 Server is shutting down'
/** For the listener, above its limits. */
export const TOO_MANY_CONNECTIONS: Reply = '421 4.7.0 Too many connections'

const isForeseen = (error: unknown): error is StoreError | MailError =>
  error instanceof StoreError || error instanceof MailError

/** For the log: what is foreseen in a line, anything else with its stack. */
export const describeError = (error: unknown): object =>
  isForeseen(error) && error.code !== 'corrupt' ? { code: error.code, err: error.message } : { err: error }

/** The one switch from errors to replies. What is no StoreError or MailError is ours, not the sender's: try later. */
export function replyToError(error: unknown): Reply {
  if (!isForeseen(error)) return TRY_LATER
  switch (error.code) {
    case 'message-too-large':
      return TOO_LARGE
    case 'invalid-address':
      return UNKNOWN_RECIPIENT
    case 'quota-exceeded':
    case 'limit':
      return MAILBOX_FULL
    case 'disk-full':
      return NO_SPACE
    case 'account-exists':
    case 'address-exists':
    case 'mailbox-exists':
    case 'mailbox-has-children':
    case 'mailbox-protected':
    // It was somebody's at RCPT: whose it is now, if anybody's, the next RCPT will say.
    case 'no-such-account':
    case 'no-such-mailbox':
    case 'no-such-address':
    case 'no-such-token':
    case 'unavailable':
    case 'corrupt':
    case 'authentication-failed':
    case 'throttled':
    case 'too-many-connections':
    case 'invalid-username':
    case 'invalid-password':
      return TRY_LATER
  }
}
