// Whether each reply that acknowledges a change left only after the WAL was synced (one client, one command at a time).

import { type Call, fileOf, octetsOf } from './trace.js'

/** Whether these octets, sent by the server, acknowledge a change. */
type IsReply = (octets: string) => boolean

/** How many replies acknowledge a change, and of those that left too early what is missing before them. */
export function repliesBeforeSync(
  calls: readonly Call[],
  acknowledges: IsReply,
): { replies: number; early: string[] } {
  const early: string[] = []
  let replies = 0
  let since = -1
  for (const call of calls.filter(isSend)) {
    const text = octetsOf(call).toString('latin1')
    if (!acknowledges(text)) continue
    replies++
    const missing = missingBetween(calls, since, call.entered)
    if (missing !== undefined) early.push(`${text.trim()}: ${missing}`)
    since = call.entered
  }
  return { replies, early }
}

function isSend(call: Call): boolean {
  return call.result !== -1 && /^(TCP|TCPv6|socket):/.test(fileOf(call) ?? '')
}

function missingBetween(calls: readonly Call[], from: number, to: number): string | undefined {
  const onWal = calls.filter(
    (call) => fileOf(call)?.endsWith('-wal') && call.entered > from && call.returned < to,
  )
  const written = onWal.filter((call) => call.name.startsWith('pwrite') || call.name === 'write')
  const last = Math.max(...written.map((call) => call.returned))
  if (written.length === 0) return 'nothing was written to the WAL'
  const synced = onWal.some(
    ({ name, entered, result }) => name.endsWith('sync') && result === 0 && entered > last,
  )
  return synced ? undefined : 'the WAL was written and not synced'
}
