// Eight writers at once, and the collector among them: UIDs, modseqs and counters. What readers see of such changes:
// test/mail/reading.test.ts.

import { expect, test } from 'vitest'
import type { Store } from '../store.js'
import { mutate, type Place, place } from './random-changes.js'
import { allEntries, drain, NO_LIMIT, randomFrom, sample } from './samples.js'

async function expectNoFindings(store: Store): Promise<void> {
  expect(await drain(store.check({ repair: false }))).toEqual([])
}

export function concurrencySuite(current: () => Store, seed: number): void {
  test('eight writers of one mailbox get each UID once, ascending with the modseq', async () => {
    const store = current()
    const { id, boxes } = await place(store)
    const [inbox] = boxes
    const answers = await Promise.all(
      Array.from({ length: 8 }, async () => {
        const own = []
        for (let n = 0; n < 50; n++) own.push(...(await store.append(id, inbox, [sample()], NO_LIMIT)))
        return own
      }),
    )
    for (const own of answers) expect(own).toEqual(own.toSorted((a, b) => a.uid - b.uid))
    const all = answers.flat().toSorted((a, b) => a.uid - b.uid)
    expect(all.map(({ uid }) => uid)).toEqual(Array.from({ length: 400 }, (_, n) => n + 1))
    const modseqs = all.map(({ modseq }) => modseq)
    expect(modseqs).toEqual(modseqs.toSorted((a, b) => a - b))
    expect(new Set(modseqs).size).toBe(400)
    expect(new Set(all.map(({ content }) => content)).size).toBe(400)
    expect(await store.mailbox(id, inbox)).toMatchObject({
      messages: 400,
      uidNext: 401,
      highestModseq: modseqs.at(-1),
    })
    expect((await store.account(id))?.modseq).toBe(modseqs.at(-1))
  })

  test(`eight writers of everything: counters and quota equal a recount (seed ${seed})`, async () => {
    const store = current()
    const places = [await place(store), await place(store)]
    await Promise.all(
      Array.from({ length: 8 }, async (_, writer) => {
        const random = randomFrom(seed + writer)
        for (let n = 0; n < 60; n++) await mutate(places[random(2)] ?? (places[0] as Place), random, 120)
      }),
    )
    for (const { id, boxes } of places) {
      const kept = await store.account(id)
      expect(await store.recountStorage(id)).toEqual({
        previous: kept?.storageUsed,
        storageUsed: kept?.storageUsed,
      })
      for (const mailbox of boxes) {
        const entries = await allEntries(store, id, mailbox)
        const box = await store.mailbox(id, mailbox)
        const flagged = (bit: number) => entries.filter(({ flags }) => ((flags[0] ?? 0) & bit) !== 0).length
        expect(box).toMatchObject({
          messages: entries.length,
          unseen: entries.length - flagged(8),
          deleted: flagged(4),
          octets: entries.reduce((sum, { size }) => sum + size, 0),
        })
        expect(Math.max(0, ...entries.map(({ modseq }) => modseq))).toBeLessThanOrEqual(
          box?.highestModseq ?? 0,
        )
      }
    }
    await expectNoFindings(store)
  })
}
