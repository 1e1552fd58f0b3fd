// From the last octet of a delivery over LMTP to EXISTS in a session of that account which idles (RFC 2177).
import { Latencies, pause } from '../latency.js'
import { ACCOUNTS } from '../plan.js'
import type { Row } from '../row.js'

/** Of one repeat: enough that the 95th percentile is not the slowest. */
const DELIVERIES = 60

export const idle: Row = {
  name: 'idle',
  repeats: 3,
  figures: () => [
    { key: 'idle.p50', label: 'delivery → EXISTS in an idling session, median', unit: 'ms', better: 'less' },
    { key: 'idle.p95', label: '… 95th percentile', unit: 'ms', goal: 10, clusterGoal: 35, better: 'less' },
  ],
  async begin(target) {
    const lmtp = await target.lmtp()
    const connection = await target.open(ACCOUNTS.idle)
    await connection.select('INBOX')
    let told: (() => void) | undefined
    const stop = await connection.idle()
    connection.onExists = () => told?.()
    const once = async (): Promise<number> => {
      const exists = new Promise<number>((resolve) => {
        told = () => resolve(performance.now())
      })
      const sent = await lmtp.deliver(target.address(ACCOUNTS.idle), target.message())
      return (await exists) - sent
    }
    return {
      async measure() {
        const latencies = new Latencies()
        await target.costed('idle.p50', DELIVERIES, async () => {
          for (let i = 0; i < DELIVERIES; i++) {
            latencies.add(await once())
            await pause(20 + ((i * 7) % 30))
          }
        })
        target.record('idle.p50', latencies.percentile(0.5))
        target.record('idle.p95', latencies.percentile(0.95))
      },
      async end() {
        await stop()
        await connection.logout()
        lmtp.close()
      },
    }
  },
}
