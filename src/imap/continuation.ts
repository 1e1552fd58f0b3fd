// Asking the client to go on: `continue-req = "+" SP … CRLF` (RFC 3501 §7.5); and not
// taking a literal that has been announced (RFC 7888 §4).

import { ConnectionEnded } from './reply.js'
import type { Session } from './session.js'
import type { StreamedLiteral } from './verb.js'

/** Sent at once, with all that was written before. */
export async function askForMore(session: Session, text: string): Promise<void> {
  session.output.writer.line(`+ ${text}`)
  await session.output.flush()
}

/** The rest of a command that is not wanted, up to its end. */
export async function skipCommand(session: Session): Promise<void> {
  session.input.framer.discard()
  const skipped = await session.input.frame()
  if (skipped?.kind !== 'discarded') throw new ConnectionEnded()
}

/** A literal that has been announced is not taken: it does not come, or it is skipped with the rest of its command. */
export async function skipLiteral(session: Session, literal: StreamedLiteral): Promise<void> {
  if (literal.synchronising) session.input.framer.refuseLiteral()
  else await skipCommand(session)
}
