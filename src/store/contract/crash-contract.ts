// A crash between any two steps leaves nothing half done: each kind of mutation runs in a process of its own, which is
// killed at one of its first steps, at a later one, and so on until it is not killed any more. `CRASH_STEPS=all` tries every
// step (two minutes); else about every third, others each time, from a seed that is in the test's name.

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { modSeq } from '../../model/ids.js'
import type { Account } from '../accounts.js'
import type { Store } from '../store.js'
import { INTENTIONS, prepareIntentions } from './intentions.js'
import { allEntries, drain, randomFrom } from './samples.js'

export interface CrashEngine {
  readonly name: string
  /** Of the intention that has the fewest. */
  readonly fewestSteps: number
  /** Keeps the state that `fill` makes, for every attempt to begin from. */
  prepare(fill: (store: Store) => Promise<void>): Promise<void>
  /**
   * From that state runs the intention (`runIntention`) in a process of its own, which dies by SIGKILL at the given step of
   * its writing (from 1). Says whether it died, and whether it had been told that the mutation was done.
   */
  attempt(intention: string, step: number): Promise<{ died: boolean; acknowledged: boolean }>
  /** What the last attempt left, opened. */
  open(): Promise<Store>
  dispose(): Promise<void>
}

async function accountState(store: Store, { id, storageUsed, modseq, state }: Account) {
  const mailboxes = state === 'active' ? await store.mailboxes(id) : []
  return {
    storageUsed,
    modseq,
    state,
    credential: await store.credential(id),
    flags: await store.flagTable(id),
    addresses: state === 'active' ? await store.addresses(id) : [],
    mailboxes: await Promise.all(
      // What follows from the clock is left out.
      mailboxes.map(async ({ uidValidity, created, ...box }) => ({
        ...box,
        entries: await allEntries(store, id, box.id),
        gone: [...(await store.expungedSince(id, box.id, modSeq(0), box.highestModseq))],
      })),
    ),
  }
}

/** All that can be read and does not follow from the clock, as text. */
async function stateOf(store: Store): Promise<string> {
  const accounts = await drain(store.accounts())
  const states = await Promise.all(accounts.map((account) => accountState(store, account)))
  return JSON.stringify([states, (await drain(store.allReferencedBlobs())).flat()], undefined, 1)
}

async function openedState(engine: CrashEngine): Promise<string> {
  const store = await engine.open()
  try {
    expect(await drain(store.check({ repair: false }))).toEqual([])
    return await stateOf(store)
  } finally {
    await store.close()
  }
}

const NEVER = 1_000_000
/** More steps than any mutation has: past them a test of crashing at each would never end. */
const MOST_STEPS = 200

const SEED = Number(process.env['SEED'] ?? Math.floor(Math.random() * 1_000_000))
const STRIDE = process.env['CRASH_STEPS'] === 'all' ? 1 : 5

export function crashContract(engine: CrashEngine): void {
  describe(`a crash at any step on ${engine.name} (seed ${SEED})`, () => {
    let before = ''
    beforeAll(async () => {
      await engine.prepare(prepareIntentions)
      before = await openedState(engine)
    })
    afterAll(() => engine.dispose())

    test.each(INTENTIONS)(
      '%s is done or not done',
      async (intention) => {
        expect(await engine.attempt(intention, NEVER)).toEqual({ died: false, acknowledged: true })
        const after = await openedState(engine)
        expect(after).not.toBe(before)
        const random = randomFrom(SEED)
        let steps = 0
        for (let step = 1 + random(STRIDE); step < MOST_STEPS; step += 1 + random(STRIDE)) {
          const { died, acknowledged } = await engine.attempt(intention, step)
          if (!died) break
          steps = step
          const state = await openedState(engine)
          if (acknowledged) expect(state, `killed at step ${step}, after the answer`).toBe(after)
          else expect([before, after], `killed at step ${step}`).toContain(state)
        }
        // Far fewer would mean that nothing was tried.
        expect(steps).toBeGreaterThan(engine.fewestSteps - STRIDE)
        expect(steps).toBeLessThan(MOST_STEPS - STRIDE)
      },
      120_000,
    )
  })
}
