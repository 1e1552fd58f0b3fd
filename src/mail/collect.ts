// The collector's rounds: what nobody names any more goes, after the retention that the configuration gives it.
// docs/architecture.md, "What is kept for what is gone".

import type { CollectOptions } from '../store/maintenance.js'
import type { Services } from './services.js'

/** One round. Throws StoreError; what was dropped before stays dropped. Accounts that cannot be read are passed over. */
export async function collectOnce(services: Services, options: CollectOptions): Promise<void> {
  const { store, blobs, limits, log } = services
  const started = services.clock()
  const { passedOver, ...dropped } = await store.collect(options)
  for (const { account, error } of passedOver) log.error({ err: error, account }, 'collect-failed')
  const { deleted } = await blobs.collect(limits.blobGraceMs, (hashes) => store.referencedBlobs(hashes))
  const found = deleted + Object.values(dropped).reduce((sum, some) => sum + some, 0) > 0
  if (found) log.info({ ...dropped, blobs: deleted, ms: services.clock() - started }, 'collected')
}

/**
 * Rounds every `intervalMs`, one at a time, until the returned function is called. A round under way then ends with the
 * store: it is in slices, and the next start goes on with it.
 */
export function collectRegularly(
  services: Services,
  options: CollectOptions,
  intervalMs: number,
): () => void {
  let busy = false
  let stopped = false
  const round = async (): Promise<void> => {
    if (busy) return
    busy = true
    try {
      await collectOnce(services, options)
    } catch (err) {
      if (!stopped) services.log.error({ err }, 'collect-failed')
    } finally {
      busy = false
    }
  }
  const timer = intervalMs === 0 ? undefined : setInterval(() => void round(), intervalMs)
  timer?.unref()
  return () => {
    stopped = true
    clearInterval(timer)
  }
}
