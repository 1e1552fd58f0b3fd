// Peak memory over idle while a message of 100 MB comes in by APPEND and by LMTP, and goes out by FETCH.
import { pause } from '../latency.js'
import { bigMessage } from '../messages.js'
import { ACCOUNTS, type Plan } from '../plan.js'
import { watchPeak } from '../processes.js'
import type { Figure, Row } from '../row.js'
import { expectCount, type Target } from '../target.js'

function octets(plan: Plan): number {
  return Math.max(1_000_000, Math.round(100_000_000 * Math.min(1, plan.scale)))
}

function figure(key: string, label: string): Figure {
  return { key, label, unit: 'MB', goal: 64, better: 'less' }
}

async function peak(target: Target, key: string, body: () => Promise<unknown>): Promise<void> {
  await pause(500)
  const watch = watchPeak(target.pid)
  try {
    await target.costed(key, 1, body)
  } finally {
    target.record(key, watch.stop() / 1024)
  }
}

export const bigMessages: Row = {
  name: 'big-message',
  repeats: 3,
  figures: (plan) => {
    const size = `${Math.round(octets(plan) / 1e6)} MB`
    return [
      figure('big.append', `peak memory over idle, ${size} in by APPEND`),
      figure('big.fetch', '… out by FETCH BODY.PEEK[]'),
      figure('big.lmtp', '… in by LMTP'),
    ]
  },
  async begin(target) {
    const connection = await target.open(ACCOUNTS.big)
    const mailbox = target.mailbox('big')
    await connection.command(`CREATE ${mailbox}`)
    await connection.select(mailbox)
    let serial = 0
    return {
      async measure() {
        const message = bigMessage(octets(target.plan), serial++)
        await peak(target, 'big.append', () =>
          connection.appendStream(mailbox, message.size, message.pieces()),
        )
        connection.scanner.resetCounts()
        await peak(target, 'big.fetch', () => connection.command(`FETCH ${serial} (BODY.PEEK[])`))
        expectCount('octets of the message', connection.scanner.literalOctets, message.size)
        if (!target.server.lmtp) return
        const other = bigMessage(octets(target.plan), 1000 + serial)
        const lmtp = await target.lmtp()
        await peak(target, 'big.lmtp', () => lmtp.deliverStream(target.address(ACCOUNTS.big), other.pieces()))
        lmtp.close()
      },
      async end() {
        await connection.command('CLOSE')
        await connection.command(`DELETE ${mailbox}`)
        await connection.logout()
      },
    }
  },
}
