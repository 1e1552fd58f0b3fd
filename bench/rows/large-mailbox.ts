// The mailbox of 50,000 messages which most rows read. It is filled once in a run.
import type { ImapConnection } from '../imap-connection.js'
import { ACCOUNTS, type Plan, scaled } from '../plan.js'
import type { Filled, Target } from '../target.js'

export function largeCount(plan: Plan): number {
  return scaled(plan, 50_000)
}

export function largeMailbox(target: Target): Promise<Filled> {
  return target.mailboxOf(ACCOUNTS.large, 'large', largeCount(target.plan))
}

/** A connection which has selected a mailbox. */
export async function openSelected(target: Target, mailbox: Filled): Promise<ImapConnection> {
  const connection = await target.open(mailbox.account)
  await connection.select(mailbox.name)
  return connection
}

/**
 * Gives a command, nobody's figure, in a mailbox of its own: a server that has been up for a while has compiled what it does
 * all the time.
 */
export async function warmUp(target: Target, command: string, times = 20): Promise<void> {
  const mailbox = await target.mailboxOf(ACCOUNTS.large, 'warm', 1000)
  const connection = await openSelected(target, mailbox)
  for (let i = 0; i < times; i++) await connection.command(command)
  await connection.logout()
}
