// What waits to be collected is not what a test of memory measures: collected, so that no baseline holds it.

import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

export function collectGarbage(): void {
  setFlagsFromString('--expose-gc')
  runInNewContext('gc')()
}

/** Without what is only waiting to be collected, which the process holds on to as long as it likes. */
export function octetsInUse(): number {
  collectGarbage()
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}
