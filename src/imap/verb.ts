// What a command declares: its name, the states it is for, what it means for sequence numbers, and its grammar. Parsing
// returns the action, so that nothing runs before the whole command has been understood.

import type { Reply } from './reply.js'
import type { Session } from './session.js'
import type { State } from './states.js'
import type { Reader } from './wire/reader.js'

/** `tag` is for the one command that writes its tagged response itself (STARTTLS); its reply has an empty text then. */
export type Action = (session: Session, tag: string) => Promise<Reply> | Reply

/** The literal of a command that takes it octet by octet, without keeping it. */
export interface StreamedLiteral {
  readonly size: number
  readonly synchronising: boolean
}

export interface Verb {
  /** In capitals. */
  readonly name: string
  readonly states: readonly State[]
  /** There is a form with UID before it (RFC 3501 §6.4.8). */
  readonly uid?: true
  /**
   * Whether its answer may renumber messages: `held` for those whose arguments are sequence numbers and during which
   * no EXPUNGE may be sent (RFC 3501 §7.4.1). The form with UID never holds.
   */
  readonly expunges: 'told' | 'held'
  /** Looks for changes even without a hint: hints may be lost. */
  readonly polls?: boolean
  /** What CAPABILITY says because this command is there. */
  readonly capabilities?: (session: Session) => readonly string[]
  /** Reads the arguments, the space before them included; the dispatcher demands that nothing follows. */
  readonly parse: (reader: Reader, byUid: boolean) => Action
  /**
   * For a command with a streamed literal: called at each announcement with a reader behind the command's name.
   * Undefined where this literal is an ordinary one.
   */
  readonly parseStreamed?: (reader: Reader, literal: StreamedLiteral) => Action | undefined
}
