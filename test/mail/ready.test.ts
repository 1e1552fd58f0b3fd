// Whoever asks whether the instance is ready, and however often, the store is asked once a second.

import { expect, test } from 'vitest'
import { readinessOf } from '../../src/mail/ready.js'
import type { Store } from '../../src/store/store.js'
import { openServices } from '../support/services.js'

test('the store is asked once for all who ask meanwhile and in the second after, and then again', async () => {
  const services = await openServices()
  let pings = 0
  const counted: Store = {
    ...services.store,
    ping() {
      pings += 1
      return services.store.ping()
    },
  }
  const ready = readinessOf({ ...services, store: counted })
  const answers = await Promise.all(Array.from({ length: 1000 }, ready))
  // The timer that forgets the answer cannot have fired since.
  answers.push(await ready())
  expect(pings).toBe(1)
  expect(answers.every(({ store, bus }) => store === 'ok' && bus === 'ok')).toBe(true)
  await expect.poll(() => ready().then(() => pings)).toBe(2)
  await services.close()
})
