// The contract of the store: every suite, against one engine. An engine's test file calls this and nothing else.

import { afterAll, beforeAll, describe } from 'vitest'
import { accountsSuite } from './accounts-suite.js'
import { concurrencySuite } from './concurrency-suite.js'
import type { OpenStore, StoreEngine } from './engine.js'
import { mailboxesSuite } from './mailboxes-suite.js'
import { maintenanceSuite } from './maintenance-suite.js'
import { messagesSuite } from './messages-suite.js'
import { movingSuite } from './moving-suite.js'

/** Random suites take it from here, so that a failure can be had again. */
const SEED = Number(process.env['SEED'] ?? Math.floor(Math.random() * 1_000_000))

export function storeContract(engine: StoreEngine): void {
  describe(`the store contract on ${engine.name}`, () => {
    let open: OpenStore
    beforeAll(async () => {
      open = await engine.open()
    })
    afterAll(() => open.dispose())
    describe('accounts', () => accountsSuite(() => open.store))
    describe('mailboxes', () => mailboxesSuite(() => open.store))
    describe('messages', () => messagesSuite(() => open.store))
    describe('messages that are copied, moved and expunged', () => movingSuite(() => open.store))
    describe('concurrency', () => concurrencySuite(() => open.store, SEED))
  })
  describe(`upkeep on ${engine.name}`, () => {
    let open: OpenStore
    beforeAll(async () => {
      open = await engine.open()
    })
    afterAll(() => open.dispose())
    maintenanceSuite(() => open)
  })
}
