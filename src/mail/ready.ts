// Whether mail can be taken now: the store is asked, and not for ever.

import { isStoreError } from '../store/errors.js'
import type { Services } from './services.js'

const PATIENCE_MS = 2_000

/** What is wrong, in a word; undefined where nothing is. Never throws. */
export async function isReady({ store, log }: Services): Promise<string | undefined> {
  let timer: NodeJS.Timeout | undefined
  const tooLong = new Promise<string>((resolve) => {
    timer = setTimeout(() => resolve('timeout'), PATIENCE_MS)
  })
  const asked = store.ping().then(
    () => undefined,
    (err: unknown) => {
      log.warn({ err }, 'store-not-ready')
      return isStoreError(err) ? err.code : 'failed'
    },
  )
  try {
    return await Promise.race([asked, tooLong])
  } finally {
    clearTimeout(timer)
  }
}
