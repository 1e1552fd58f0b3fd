// Collectors that run without a pause beside those who write, touch, read and let go: what is in use is never missing.

import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { Random } from '../../../test/wire/random.js'
import type { BlobStore } from '../blobs.js'
import { get, hashOf, none, type OpenBlobs, OVER, octets, put, verified } from './samples.js'

/** What the mutations of a store do to references, in memory. */
class References {
  readonly #counts = new Map<string, number>()

  change(hash: string, by: 1 | -1): void {
    this.#counts.set(hash, (this.#counts.get(hash) ?? 0) + by)
  }

  readonly among = async (hashes: readonly string[]): Promise<ReadonlySet<string>> =>
    new Set(hashes.filter((hash) => (this.#counts.get(hash) ?? 0) > 0))
}

/**
 * Delivers, reads and expunges messages with attachments, new ones and ones that came before, until told to stop. What
 * was refused (`unavailable`) was not acknowledged.
 */
async function deliverAndExpunge(
  blobs: BlobStore,
  references: References,
  random: Random,
  progress: { steps: number; stopped: boolean },
): Promise<void> {
  while (!progress.stopped) {
    const newest = Math.floor(progress.steps++ / 4)
    const seed = random.chance(0.7) ? newest : Math.floor(random.next() * newest)
    const data = octets(seed % 3 === 0 ? 300_000 : 5_000, 1_000 + seed)
    let hash = hashOf(data)
    // A message says what it refers to, or brings it.
    if (random.chance(0.5) || !(await blobs.touch(hash))) hash = await put(blobs, data)
    references.change(hash, 1)
    expect((await get(blobs, hash)).equals(data)).toBe(true)
    await sleep(random.next() * 30)
    expect((await get(blobs, hash, 10, 20)).equals(data.subarray(10, 20))).toBe(true)
    references.change(hash, -1)
  }
}

export function raceSuite(current: () => OpenBlobs): void {
  test('nothing in use is ever missing while collectors run at their fastest, and nothing is left over', async () => {
    const open = current()
    const instances = [open.blobs, await open.another()]
    const seed = Date.now() % 1_000_000
    const random = new Random(seed)
    const references = new References()
    const progress = { steps: 0, stopped: false }
    let deleted = 0
    // Two graces go by between the last use and the end: no step of this process may take that long.
    const grace = 400
    const collecting = instances.map(async (blobs) => {
      while (!progress.stopped) {
        deleted += (await blobs.collect(grace, references.among)).deleted
        await sleep(10)
      }
    })
    const using = Array.from({ length: 4 }, (_, n) =>
      deliverAndExpunge(instances[n % 2] ?? open.blobs, references, random, progress),
    )
    const until = Date.now() + 30_000
    const watching = (async () => {
      while ((deleted < 30 || progress.steps < 200) && Date.now() < until && !progress.stopped)
        await sleep(20)
      progress.stopped = true
    })()
    try {
      await Promise.all([...using, ...collecting, watching])
    } catch (error) {
      progress.stopped = true
      throw new Error(`seed ${seed}`, { cause: error })
    }
    expect(deleted).toBeGreaterThan(0)
    for (let round = 0; round < 3; round++) await open.blobs.collect(OVER, none)
    expect(await open.octetsKept()).toBe(0)
    expect(await verified(open.blobs)).toBe(0)
  })
}
