// A view never goes back: what a hint spoke of is waited for, and a store that answers from the past changes nothing.

import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest'
import { readChanges } from '../../src/mail/changes.js'
import { INBOX_ID } from '../../src/mail/deliver.js'
import { modSeq } from '../../src/model/ids.js'
import { NO_LIMIT, newAccount, samples } from '../../src/store/contract/samples.js'
import { type OpenServices, openServices } from '../support/services.js'

let services: OpenServices
beforeAll(async () => {
  services = await openServices()
})
afterAll(() => services.close())
afterEach(() => vi.restoreAllMocks())

test('what a hint speaks of is waited for', async () => {
  const { id } = await newAccount(services.store)
  const [first] = await services.store.append(id, INBOX_ID, samples(1), NO_LIMIT)
  const since = first?.modseq ?? modSeq(0)
  const seen: number[] = []
  const { mailbox } = services.store
  vi.spyOn(services.store, 'mailbox').mockImplementation(async (...args) => {
    const found = await mailbox(...args)
    seen.push(found?.highestModseq ?? 0)
    if (seen.length === 1) await services.store.append(id, INBOX_ID, samples(1), NO_LIMIT)
    return found
  })
  const { token, entries } = await readChanges(services, id, INBOX_ID, since, { hinted: since + 1 })
  // Two looks, and one more once the changes have been read.
  expect(seen).toEqual([since, since + 1, since + 1])
  expect(token).toBe(since + 1)
  expect([...entries.uids]).toEqual([2])
})

test('a hint that nothing follows on holds nobody up for long, and nothing goes back', async () => {
  const { id } = await newAccount(services.store)
  const [first] = await services.store.append(id, INBOX_ID, samples(1), NO_LIMIT)
  const since = modSeq((first?.modseq ?? 0) + 5)
  const changes = await readChanges(services, id, INBOX_ID, since, { hinted: since + 1000 })
  expect(changes).toMatchObject({ token: since, startOver: false })
  expect([changes.entries.length, changes.expunged.length]).toEqual([0, 0])
})
