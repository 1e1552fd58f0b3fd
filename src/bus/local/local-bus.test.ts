// The contract of the bus in a single process.

import { setImmediate as turn } from 'node:timers/promises'
import { busContract } from '../contract/bus-contract.js'
import { localBus } from './local-bus.js'

busContract({
  name: 'a single process',
  isShared: false,
  async open() {
    let now = 1_000_000
    const bus = localBus(() => now)
    return {
      bus,
      dispose: () => bus.close(),
      settled: () => turn(),
      async pass(seconds) {
        now += seconds * 1000
      },
    }
  },
})
