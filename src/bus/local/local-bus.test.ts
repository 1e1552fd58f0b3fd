// The contract of the bus in a single process.

import { setImmediate as turn } from 'node:timers/promises'
import { busContract } from '../contract/bus-contract.js'
import { localBus } from './local-bus.js'

busContract({
  name: 'a single process',
  async open() {
    let now = 1_000_000
    return {
      bus: localBus(() => now),
      settled: () => turn(),
      async pass(seconds) {
        now += seconds * 1000
      },
    }
  },
})
