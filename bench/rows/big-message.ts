// Peak memory over idle while a message of 100 MB comes in by APPEND and by LMTP, and goes out by FETCH. Idle is what
// the server had before the first of them, and the highest of three rounds counts: what one leaves behind is no idle.
import type { ImapConnection } from '../imap-connection.js'
import { pause } from '../latency.js'
import { bigMessage } from '../messages.js'
import { ACCOUNTS, type Plan } from '../plan.js'
import { treeResidentKb, watchPeak } from '../processes.js'
import type { Figure, Row } from '../row.js'
import { expectCount, type Target } from '../target.js'

const ROUNDS = 3

function octets(plan: Plan): number {
  return Math.max(1_000_000, Math.round(100_000_000 * Math.min(1, plan.scale)))
}

function figure(key: string, label: string): Figure {
  return { key, label, unit: 'MB', goal: 64, better: 'less' }
}

class Peaks {
  private readonly target: Target
  private readonly idleKb: number
  private readonly highest = new Map<string, number>()

  constructor(target: Target) {
    this.target = target
    this.idleKb = treeResidentKb(target.pid)
  }

  async during(key: string, body: () => Promise<unknown>): Promise<void> {
    await pause(500)
    const watch = watchPeak(this.target.pid)
    try {
      await this.target.costed(key, 1, body)
    } finally {
      const overIdle = (watch.stop() - this.idleKb) / 1024
      this.highest.set(key, Math.max(overIdle, this.highest.get(key) ?? 0))
    }
  }

  record(): void {
    for (const [key, value] of this.highest) this.target.record(key, value)
  }
}

async function round(
  target: Target,
  peaks: Peaks,
  connection: ImapConnection,
  mailbox: string,
  serial: number,
) {
  const message = bigMessage(octets(target.plan), serial)
  await peaks.during('big.append', () => connection.appendStream(mailbox, message.size, message.pieces()))
  connection.scanner.resetCounts()
  await peaks.during('big.fetch', () => connection.command(`FETCH ${serial} (BODY.PEEK[])`))
  expectCount('octets of the message', connection.scanner.literalOctets, message.size)
  if (!target.server.lmtp) return
  const other = bigMessage(octets(target.plan), 1000 + serial)
  const lmtp = await target.lmtp()
  await peaks.during('big.lmtp', () => lmtp.deliverStream(target.address(ACCOUNTS.big), other.pieces()))
  lmtp.close()
}

export const bigMessages: Row = {
  name: 'big-message',
  repeats: 1,
  once: true,
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
    return {
      async measure() {
        const peaks = new Peaks(target)
        for (let serial = 1; serial <= ROUNDS; serial++)
          await round(target, peaks, connection, mailbox, serial)
        peaks.record()
      },
      async end() {
        await connection.command('CLOSE')
        await connection.command(`DELETE ${mailbox}`)
        await connection.logout()
      },
    }
  },
}
