// Which engine a test is for. The suites that say nothing of one run once for each (vitest.config.ts): on an embedded
// store, and on MongoDB with Redis.

import { newDatabase } from './mongod.js'
import { startRedis } from './redis.js'

export type EngineName = 'SQLite' | 'MongoDB'

export const engineName = (): EngineName =>
  process.env['EIDER_TEST_ENGINE'] === 'MongoDB' ? 'MongoDB' : 'SQLite'

/** Where one server, or several, keep what they keep. */
export interface Place {
  /** The keys of the configuration that name it, beside the data folder. */
  readonly set: Readonly<Record<string, string>>
  remove(): Promise<void>
}

/** A new one, empty. */
export async function newPlace(engine = engineName()): Promise<Place> {
  if (engine === 'SQLite') return { set: {}, remove: async () => {} }
  const [database, redis] = await Promise.all([newDatabase(), startRedis()])
  return {
    set: { 'store.url': database.url, 'bus.url': redis.url },
    async remove() {
      await redis.kill()
      await database.drop()
    },
  }
}

const places = new Map<string, Promise<Place>>()

/** The place that belongs to a data folder: the same for every server and command on that folder. */
export function placeOf(dir: string): Promise<Place> {
  const known = places.get(dir) ?? newPlace()
  places.set(dir, known)
  return known
}

/** As arguments of the eider command. */
export const settings = (set: Readonly<Record<string, string>>): string[] =>
  Object.entries(set).flatMap(([key, value]) => ['--set', `${key}=${value}`])
