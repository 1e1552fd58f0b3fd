// Whether mail can be taken now, and whether the other instances are reached: both are asked, not for ever and not too often.

import { isStoreError } from '../store/errors.js'
import type { Services } from './services.js'

const PATIENCE_MS = 2_000
/** Anybody may ask, and each question is a write. */
const BELIEVED_MS = 1_000

export interface Readiness {
  /** `ok`, or what is wrong, in a word: no mail can be taken. */
  readonly store: string
  /** `ok`, or `away`: all works, but sessions hear of changes made elsewhere only when they look. */
  readonly bus: 'ok' | 'away'
}

/** Who asks while a question is under way gets its answer, as do those in the second after. Never throws. */
export function readinessOf(services: Services): () => Promise<Readiness> {
  let last: Promise<Readiness> | undefined
  const forget = () => {
    last = undefined
  }
  return () => {
    last ??= ask(services).finally(() => void setTimeout(forget, BELIEVED_MS).unref())
    return last
  }
}

async function ask(services: Services): Promise<Readiness> {
  const [store, reached] = await Promise.all([askStore(services), services.bus.ping()])
  return { store, bus: reached ? 'ok' : 'away' }
}

async function askStore({ store, log }: Services): Promise<string> {
  let timer: NodeJS.Timeout | undefined
  const tooLong = new Promise<string>((resolve) => {
    timer = setTimeout(() => resolve('timeout'), PATIENCE_MS)
  })
  const asked = store.ping().then(
    () => 'ok',
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
