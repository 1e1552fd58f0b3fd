// Hearing of changes: hints of the bus, and the word to read again where some may have been lost.

import type { Hint } from '../bus/bus.js'
import type { AccountId } from '../model/ids.js'
import type { Services } from './services.js'

/** Calls the listener with each hint of the account, and with `reread` where hints may have been lost. */
export function watch(
  services: Services,
  account: AccountId,
  listener: (hint: Hint | 'reread') => void,
): () => void {
  const unsubscribe = services.bus.subscribe(account, listener)
  const forget = services.bus.onReconnected(() => listener('reread'))
  return () => {
    unsubscribe()
    forget()
  }
}
